import type { Broker } from '@antiphon/broker'
import { ApplicationError, bytes, endpoint, requests$, serve, text, type Link } from '@antiphon/core'
import { cbor } from '@antiphon/codecs/cbor'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat, NEVER, of, type Observable } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, antiphonWithTimeout, hasNoResponse, inputOf, startAntiphon } from './run-antiphon.js'

let broker: Broker
let url = ''
let link: Link
const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
let cancelled: () => void = () => undefined
let begins: () => void = () => undefined

beforeAll(async () => {
  const started = await startBroker({
    authority: {
      authorizePublish: ({ message: { topic } }) =>
        topic.startsWith('closed/') ? { refuse: 0x87 } : 'allow',
    },
  })
  broker = started.broker
  url = started.url
  link = broker.link()
  const served = (topic: string, respond: (value: Uint8Array) => Observable<Uint8Array>): Promise<void> =>
    new Promise((resolve) => {
      const at = endpoint({ topic, request: bytes, response: bytes })
      requests$(link, at, { onSubscribed: resolve })
        .pipe(serve(({ value }) => respond(value)))
        .subscribe()
    })
  await served('echo', (value) => of(value))
  await served('binary', () => of(Uint8Array.of(0xff, 0x00)))
  await served('silent', () => NEVER)
  await new Promise<void>((resolve) => {
    const slow = endpoint({ topic: 'slow', request: bytes, response: bytes })
    requests$(link, slow, { onSubscribed: resolve })
      .pipe(
        serve(({ signal }) => {
          signal.addEventListener('abort', () => cancelled())
          begins()
          return NEVER
        }),
      )
      .subscribe()
  })
  await served('fails', () => {
    throw new ApplicationError({ code: 'door-open', message: 'close the door first' })
  })
  await new Promise<void>((resolve) => {
    const stream = endpoint({ topic: 'stream', request: text, response: text, responses: 'many' })
    requests$(link, stream, { onSubscribed: resolve })
      .pipe(
        serve(({ value, signal }) => {
          signal.addEventListener('abort', () => cancelled())
          return value === 'endless' ? concat(of('first'), NEVER) : of('a', 'b', 'c')
        }),
      )
      .subscribe()
  })
})
afterAll(async () => {
  await link.close()
  await broker.close()
  rmSync(folder, { recursive: true })
})

const request = (...args: readonly string[]) => antiphon(['request', ...args, '--url', url])

describe('antiphon request', () => {
  it('prints the response and exits with 0', async () => {
    expect(await request('echo', 'Vienna')).toMatchObject({ code: 0, stdout: 'Vienna\n', stderr: '' })
  })

  it('sends an empty payload without an argument', async () => {
    expect(await request('echo')).toMatchObject({ code: 0, stdout: '\n' })
  })

  it('fills the parameters of a topic', async () => {
    const { code, stdout } = await request('{name}', 'x', '--param', 'name=echo')
    expect([code, stdout]).toEqual([0, 'x\n'])
  })

  it('prints a response as a record with --json', async () => {
    const { code, records } = await request('echo', '{"city":"Vienna"}', '--json')
    expect(code).toBe(0)
    expect(records()).toMatchObject([
      { type: 'response', topic: 'echo', request: 1, index: 1, value: '{"city":"Vienna"}', format: 'text' },
    ])
    const { records: typed } = await request('echo', '{"city":"Vienna"}', '--json', '--out', 'json')
    expect(typed()).toMatchObject([{ value: { city: 'Vienna' }, format: 'json' }])
  })

  it('exits with 3 if no response arrives in time', async () => {
    const { code, stderr } = await antiphonWithTimeout(['request', 'silent', '--url', url], hasNoResponse)
    expect(code).toBe(3)
    expect(stderr).toMatch(/^antiphon: silent: no response within \d+ ms .*\n$/)
  })

  it('limits the time to the first response', async () => {
    const { code, stderr } = await request('silent', '--timeout', '1h', '--response-timeout', '0.2s')
    expect([code, stderr.includes('200 ms')]).toEqual([3, true])
  })

  it('exits with 4 at once if there is no subscriber', async () => {
    const { code, stderr } = await request('missing', '--timeout', '1h')
    expect(code).toBe(4)
    expect(stderr).toBe(
      'antiphon: the broker reports no subscriber to missing: is the responder running, and is the topic right? To wait for it, set --no-fail-fast\n',
    )
  })

  it('exits with 5 if the responder reports a failure', async () => {
    const { code, records } = await request('fails', '--json')
    expect(code).toBe(5)
    expect(records()).toMatchObject([
      {
        type: 'error',
        code: 'status',
        exitCode: 5,
        status: { code: 500, message: 'close the door first', applicationCode: 'door-open' },
      },
    ])
  })

  it('exits with 6 if the response is not of the format', async () => {
    const { code, stderr } = await request('echo', 'Vienna', '--out', 'json')
    expect([code, stderr]).toEqual([
      6,
      expect.stringContaining('cannot decode the payload as application/json'),
    ])
    expect(await request('binary', '--out', 'text')).toMatchObject({ code: 6 })
  })

  it('exits with 7 if the broker refuses the request, and names topic and reason', async () => {
    const { code, stderr, stdout } = await request('closed/door')
    expect([code, stdout]).toEqual([7, ''])
    expect(stderr).toMatch(/closed\/door.*Not authorized/i)
  })

  it('exits with 8 if it cannot connect', async () => {
    const { code, stderr } = await antiphon(['request', 'echo', '--url', 'mqtt://127.0.0.1:1'])
    expect([code, stderr]).toEqual([8, expect.stringContaining('ECONNREFUSED')])
  })

  it('exits with 8 if no connection is made in time, when it waits for the broker', async () => {
    const { code, stderr } = await antiphon([
      'request',
      'echo',
      '--wait-for-broker',
      '--timeout',
      '200ms',
      '--url',
      'mqtt://127.0.0.1:1',
    ])
    expect([code, stderr]).toEqual([8, expect.stringContaining('not connected')])
  })

  it('cancels a request that its responder has just received when it is interrupted', async () => {
    // The acceptance says where the cancel goes. On a busy machine it may arrive after the command has ended.
    for (let isAccepted = false; !isAccepted;) {
      const hasStarted = new Promise<void>((resolve) => (begins = resolve))
      const isCancelled = new Promise<void>((resolve) => (cancelled = resolve))
      const running = startAntiphon(['request', 'slow', '--timeout', '1h', '--verbose', '--url', url])
      await hasStarted
      running.interrupt()
      const { code, stderr } = await running.ended
      expect(code).toBe(130)
      isAccepted = stderr.includes('status 202')
      if (isAccepted) await isCancelled
    }
  })

  it('prints each response of a stream', async () => {
    expect(await request('stream', '--stream')).toMatchObject({ code: 0, stdout: 'a\nb\nc\n' })
    const { records } = await request(
      'stream',
      '--stream',
      '--json',
      '--credit',
      '1',
      '--total-timeout',
      '1m',
    )
    expect(records().map(({ index, value }) => [index, value])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ])
  })

  it.each([
    ['a stream', ['stream', 'endless', '--stream'], 'first'],
    ['a request', ['silent', '--verbose'], '< PUBACK'],
  ])('cancels %s on Ctrl-C and exits with 130', async (_, args, printed) => {
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve))
    const running = startAntiphon(['request', ...args, '--url', url, '--timeout', '1h'])
    await running.printed(printed)
    running.interrupt()
    const { code, stderr } = await running.ended
    expect([code, stderr.includes('antiphon:')]).toEqual([130, false])
    if (args[0] === 'stream') await isCancelled
  })

  it('sends User Properties, and what the options of the exchange say', async () => {
    const options = ['--property', 'city=Vienna', '--qos', '2', '--retries', '1', '--attempt-timeout', '1s']
    const others = ['--on-disconnect', 'fail', '--response-topic', 'r/1', '--strict-responses']
    const { code, stderr } = await request('echo', 'x', '-v', ...options, ...others)
    expect(code).toBe(0)
    expect(stderr).toContain('> PUBLISH echo QoS 2, 1 bytes, text/plain, response topic r/1, correlation ')
  })

  it('shows the packets with --verbose', async () => {
    const { stderr } = await request('echo', 'x', '--verbose', '--client-id', 'shell')
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/, correlation .*/, ''))
    expect(lines).toEqual([
      '> CONNECT, attempt 1',
      '< CONNACK shell, new session, MQTT 5',
      '> SUBSCRIBE response/shell QoS 1',
      '< SUBACK 0x01',
      '> PUBLISH echo QoS 1, 1 bytes, text/plain, response topic response/shell',
      '< PUBACK 0x00 echo',
      '< PUBLISH response/shell QoS 1, 1 bytes, application/octet-stream, status 200',
      '> PUBACK response/shell',
      '> DISCONNECT',
    ])
  })

  it('reads the payload from standard input, or from a file', async () => {
    const stdin = inputOf('Vien', 'na')
    expect(await antiphon(['request', 'echo', '-', '-u', url], { stdin })).toMatchObject({
      stdout: 'Vienna\n',
    })
    const file = join(folder, 'payload.bin')
    writeFileSync(file, Uint8Array.of(0xfe, 0x0a, 0x00))
    const { bytes: printed } = await request('echo', '--file', file)
    expect([...printed]).toEqual([0xfe, 0x0a, 0x00])
    expect(await request('echo', 'x', '--file', file)).toMatchObject({ code: 2 })
    expect(await request('echo', '--file', join(folder, 'missing'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^antiphon: cannot read --file .*missing: ENOENT: no such file or directory\n$/,
      ) as string,
    })
  })

  it('fills a template', async () => {
    const { stdout } = await request('echo', '{{count}} {{random 7 7}} {{topic}}', '--template')
    expect(stdout).toBe('1 7 echo\n')
    expect(await request('echo', '{{cuont}}', '--template')).toMatchObject({
      code: 2,
      stderr: 'antiphon: {{cuont}} is not known: did you mean count?\n',
    })
  })

  it.each([
    ['json', '{"a":[1]}', 'json', '{"a":[1]}'],
    ['cbor', '{"a":[1]}', 'cbor', '{"a":[1]}'],
    ['cbor', '{"a":1}', 'hex', Buffer.from(cbor.unchecked().encode({ a: 1 })).toString('hex')],
    ['msgpack', '{"a":[1]}', 'msgpack', '{"a":[1]}'],
    ['xml', '<a>1</a>', 'xml', '<a>1</a>'],
    ['hex', 'ff 00', 'base64', '/wA='],
    ['base64', '/wA=', 'hex', 'ff00'],
    ['text', '[1]', 'text', '[1]'],
  ])('sends a payload as %s: %s', async (input, payload, output, printed) => {
    const { stdout, code } = await request('echo', payload, '--in', input, '--out', output)
    expect([code, stdout]).toEqual([0, `${printed}\n`])
  })

  it('prints bytes as they are, but to a terminal as digits', async () => {
    const { bytes: printed } = await request('binary')
    expect([...printed]).toEqual([0xff, 0x00])
    expect(await antiphon(['request', 'binary', '-u', url], { isTerminal: true })).toMatchObject({
      stdout: 'ff00\n',
    })
    expect((await request('binary', '--json')).records()).toMatchObject([{ value: '/wA=', format: 'base64' }])
  })

  it('sends another Content Type', async () => {
    const { stderr } = await request('echo', '1', '--content-type', 'text/csv', '-v')
    expect(stderr).toContain('> PUBLISH echo QoS 1, 1 bytes, text/csv')
  })
})
