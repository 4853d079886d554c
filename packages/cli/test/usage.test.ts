import { describe, expect, it } from 'vitest'
import { examples } from '../src/examples.js'
import { startBroker } from './broker-url.js'
import { antiphon, inputOf, startAntiphon } from './run-antiphon.js'

describe('antiphon', () => {
  it('prints its help, also without arguments', async () => {
    const { code, stdout } = await antiphon(['--help'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('Usage: antiphon')])
    expect(await antiphon([])).toMatchObject({ code: 0, stdout })
    expect(await antiphon(['help', 'serve'])).toMatchObject({
      stdout: (await antiphon(['serve', '--help'])).stdout,
    })
  })

  it('prints its version', async () => {
    expect(await antiphon(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' })
  })

  it('prints its help in a terminal of 20 columns', async () => {
    const { code, stdout } = await antiphon(['--help'], { columns: 20, isTerminal: true })
    expect([code, stdout]).toEqual([0, expect.stringContaining('request')])
  })

  it('prints examples of all commands', async () => {
    const { stdout } = await antiphon(['examples'])
    for (const { line } of Object.values(examples).flat()) expect(stdout).toContain(line)
  })

  it('prints the schema of its records', async () => {
    const { stdout } = await antiphon(['schema'])
    expect(JSON.parse(stdout)).toHaveProperty('oneOf')
  })

  it.each<[readonly string[], string]>([
    [['requst', 'x'], `unknown command 'requst': did you mean request?`],
    [['zzz'], `unknown command 'zzz'; see antiphon --help`],
    [['request', 'x', '--tiemout', '3'], `unknown option '--tiemout': did you mean --timeout?`],
    [['request', 'x', '--zzz'], `unknown option '--zzz'; see antiphon request --help`],
    [
      ['bench', 'x', '--echo', '--dialect', 'shelly'],
      '--echo does not know the responses of --dialect shelly: leave one of them out',
    ],
    [
      ['gather', 'x', '{}', '--dialect', 'nestjs'],
      'the responses of --dialect nestjs name no responder: use antiphon request',
    ],
    [['request'], `missing required argument 'topic'; see antiphon request --help`],
    [
      ['request', 'x', 'y', 'z'],
      `too many arguments for 'request'. Expected 2 arguments but got 3.; see antiphon request --help`,
    ],
    [
      ['request', 'x', '--timeout'],
      `option '-t, --timeout <duration>' argument missing; see antiphon request --help`,
    ],
    [
      ['request', 'x', '--timeout', 'soon'],
      '--timeout is soon: it must be a duration such as 500ms, 5s or 2m; see antiphon request --help',
    ],
    [['request', 'x', '--qos', '3'], '--qos is 3: it must be 0, 1 or 2; see antiphon request --help'],
    [
      ['request', 'x', '--mqtt-version', '3'],
      '--mqtt-version is 3: it must be 4 or 5; see antiphon request --help',
    ],
    [
      ['request', 'x', '--retries', '-1'],
      '--retries is -1: it must be a whole number from 0; see antiphon request --help',
    ],
    [
      ['request', 'x', '--keepalive', '99999'],
      '--keepalive is 99999: it must be a whole number from 0 to 65535; see antiphon request --help',
    ],
    [
      ['request', 'x', '--property', 'a'],
      '--property is a: it must be <name>=<value>; see antiphon request --help',
    ],
    [
      ['request', 'x', '--on-disconnect', 'cry'],
      '--on-disconnect is cry: it must be one of keep, fail, resend; see antiphon request --help',
    ],
    [
      ['request', 'x', '{', '--in', 'json'],
      expect.stringMatching(/^the payload is not JSON: .*; quote it, or set --in text$/) as string,
    ],
    [
      ['request', 'x', 'xyz', '--in', 'hex'],
      'the payload is not hex: it has other characters or an odd length',
    ],
    [
      ['request', 'x', '--url', 'http://x'],
      expect.stringContaining('url "http://x" has the protocol http:') as string,
    ],
    [['request', 'a/{b}'], expect.stringContaining('{b} is of type undefined') as string],
    [['request', 'a/+'], expect.stringContaining('a/+') as string],
  ])('refuses %j in one line that says what to do', async (args, message) => {
    const { code, stdout, stderr } = await antiphon(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr.replace(/^antiphon: /, '').replace(/\n$/, '')).toEqual(message)
    expect(stderr.match(/\n/g)).toHaveLength(1)
  })

  it('prints a usage error as a record with --json', async () => {
    const { code, records } = await antiphon(['request', 'x', '--qos', '3', '--json'])
    expect(code).toBe(2)
    expect(records()).toMatchObject([{ type: 'error', code: 'invalid-argument', exitCode: 2 }])
  })

  it.each([
    [['request', 'x', '--password', 'hunter2'], '--password'],
    [['request', 'x', '--password=hunter2'], '--password'],
    [['request', 'x', '-P', 'hunter2'], '-P'],
    [['request', 'x', '--passphrase', 'hunter2'], '--passphrase'],
    [['request', 'x', '--url', 'mqtt://me:hunter2@h'], '--url'],
    [['request', 'x', '--proxy', 'http://me:hunter2@h'], '--proxy'],
  ])('refuses a secret among its arguments, without printing it: %j', async (args, option) => {
    const { code, stdout, stderr } = await antiphon(args)
    expect([code, stderr]).toEqual([2, expect.stringContaining(option)])
    expect(stdout + stderr).not.toContain('hunter2')
  })

  it('marks errors in colour on a terminal, unless NO_COLOR is set', async () => {
    const colored = await antiphon(['zzz'], { isTerminal: true })
    expect(colored.stderr).toContain('\u001b[31mantiphon:\u001b[39m unknown')
    const plain = await antiphon(['zzz'], { isTerminal: true, env: { NO_COLOR: '1' } })
    expect(plain.stderr).toMatch(/^antiphon: unknown/)
  })

  it('runs the examples in its help', async () => {
    const { broker, url } = await startBroker()
    const env = { ANTIPHON_URL: url }
    const wordsOf = (line: string): readonly string[] =>
      [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '').slice(1)
    const responders = (examples['serve'] ?? []).map(({ line }) => startAntiphon(wordsOf(line), { env }))
    await Promise.all(responders.map((responder) => responder.printed('serving')))
    for (const { line } of ['request', 'gather'].flatMap((name) => examples[name] ?? [])) {
      // A test has no shell: it passes on what printf would print.
      const [command = '', input = ''] = line.split(' | ').reverse()
      const stdin = inputOf(/'(.*)'/.exec(input)?.[1]?.replaceAll('\\n', '\n') ?? '')
      const { code, stdout } = await antiphon(wordsOf(command), { env, stdin })
      expect([line, code, stdout !== '']).toEqual([line, 0, true])
    }
    for (const responder of responders) responder.interrupt()
    expect((await Promise.all(responders.map(({ ended }) => ended))).map(({ code }) => code)).toEqual(
      responders.map(() => 0),
    )
    await broker.close()
  })
})
