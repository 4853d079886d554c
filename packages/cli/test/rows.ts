import { connect } from '@antiphon/mqtt'
import { startHttpProxy, startSocksProxy } from '@antiphon/workshop'
import type { Certificates } from '@antiphon/workshop/certificates'
import { create, toBinary } from '@bufbuild/protobuf'
import { file_google_protobuf_descriptor, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { firstValueFrom, mergeMap } from 'rxjs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { carDocument } from './contract-document.js'
import { endlessCommand, filterCommand } from './node-command.js'
import {
  antiphon,
  antiphonWithTimeout,
  inputOf,
  startAntiphon,
  type Ended,
  type RunOptions,
  type Running,
} from './run-antiphon.js'

const upperCase = filterCommand('text.toUpperCase()')

/** A broker that refuses publishing below `closed`. */
export interface BrokerOfRows {
  readonly url: string
  /** The listener that requires a client certificate. */
  readonly tlsUrl: string
  readonly wsUrl: string
  readonly certificates: Certificates
  readonly stop: () => Promise<void>
}

/** Registers a test for each thing that the command can do, with a broker. */
export function testRows(start: () => Promise<BrokerOfRows>): void {
  const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
  let broker: BrokerOfRows
  let running: Running[] = []

  beforeAll(async () => {
    broker = await start()
  })
  afterEach(async () => {
    for (const each of running) each.interrupt()
    await Promise.all(running.map(({ ended }) => ended))
    running = []
  })
  afterAll(async () => {
    await broker.stop()
    rmSync(folder, { recursive: true })
  })

  const env = (more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
    ANTIPHON_URL: broker.url,
    XDG_CONFIG_HOME: folder,
    ...more,
  })
  const run = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    antiphon(args, { ...options, env: env(options.env) })
  /** Starts a command that runs until it is interrupted, and waits until it is ready. */
  const started = async (text: string, ...args: readonly string[]): Promise<Running> => {
    const each = startAntiphon(args, { env: env() })
    running.push(each)
    await each.printed(args.includes('--json') ? '"ready"' : text)
    return each
  }
  const serve = (...args: readonly string[]): Promise<Running> => started('serving', 'serve', ...args)
  const fileOf = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  it('row 1: sends a request after the SUBACK and prints its response, in one command', async () => {
    await serve('row/1', '--respond', '22.5')
    const { code, stdout, stderr } = await run(['request', 'row/1', 'now', '--verbose'])
    expect([code, stdout]).toEqual([0, '22.5\n'])
    const packets = stderr.match(/^[<>] (SUBSCRIBE|SUBACK|PUBLISH row\/1)/gm)
    expect(packets).toEqual(['> SUBSCRIBE', '< SUBACK', '> PUBLISH row/1'])
  })

  it('row 2: makes the Correlation Data, and ignores responses with another', async () => {
    const link = connect(broker.url)
    const answered = firstValueFrom(
      link.messages$('row/2').pipe(
        mergeMap(async ({ responseTopic = '', correlationData }) => {
          const respond = (text: string, data: Uint8Array): Promise<unknown> =>
            firstValueFrom(
              link.publish$({
                topic: responseTopic,
                payload: Buffer.from(text),
                correlationData: data,
              }),
            )
          expect(correlationData?.length).toBeGreaterThan(0)
          await respond('wrong', Buffer.from('wrong'))
          await respond('right', correlationData ?? new Uint8Array())
        }),
      ),
    )
    // Until the link has subscribed, the broker reports no subscriber.
    let ended = await run(['request', 'row/2', '--timeout', '1m'])
    while (ended.code === 4) ended = await run(['request', 'row/2', '--timeout', '1m'])
    expect(ended).toMatchObject({ code: 0, stdout: 'right\n' })
    await answered
    await link.close()
  })

  it('row 3: exits with a code for each outcome', async () => {
    await serve('row/3', '--respond', 'x', '--delay', '1h', '--drain-timeout', '1ms')
    await serve('row/3/fails', '--fail', 'no')
    await serve('row/3/text', '--respond', 'text')
    const codeOf = async (...args: readonly string[]): Promise<number> =>
      (await run(['request', ...args])).code
    expect(await codeOf('row/3/text')).toBe(0)
    expect(await codeOf('row/3', '--qos', '3')).toBe(2)
    expect(await antiphonWithTimeout(['request', 'row/3', '--url', broker.url])).toMatchObject({ code: 3 })
    expect(await codeOf('row/3/missing')).toBe(4)
    expect(await codeOf('row/3/fails')).toBe(5)
    expect(await codeOf('row/3/text', '--out', 'json')).toBe(6)
    const refused = await run(['request', 'closed/door'])
    expect(refused).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(/closed\/door.*not authorized/i) as string,
    })
    expect(await codeOf('row/3', '--url', 'mqtt://127.0.0.1:1')).toBe(8)
  })

  it('row 4: fails at once if nothing subscribes', async () => {
    expect(await run(['request', 'row/4', '--timeout', '1h'])).toMatchObject({ code: 4, stdout: '' })
  })

  it('row 5: gathers responses up to a count, a pause, a total time, or a sentinel', async () => {
    await serve('row/5', '--respond', 'a')
    await serve('row/5', '--respond', 'b')
    await serve('row/5/end', '--respond', 'a')
    await serve('row/5/end', '--respond', '', '--delay', '500ms')
    const linesOf = ({ stdout }: Ended): readonly string[] =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .sort()
    const gather = async (
      topic: string,
      ...args: readonly string[]
    ): Promise<readonly [number, readonly string[]]> => {
      const ended = await run(['gather', topic, ...args])
      return [ended.code, linesOf(ended)]
    }
    /** Gathers with a time that suffices for both responses. */
    const gatherBoth = async (
      option: string,
      ...args: readonly string[]
    ): Promise<readonly [number, readonly string[]]> => {
      const both = ['gather', 'row/5', '--url', broker.url, ...args]
      const ended = await antiphonWithTimeout(both, (each) => linesOf(each).length === 2, option)
      return [ended.code, linesOf(ended)]
    }
    expect(await gather('row/5', '--count', '2', '--timeout', '1h')).toEqual([0, ['a', 'b']])
    expect(await gatherBoth('--stall-timeout', '--timeout', '1h')).toEqual([0, ['a', 'b']])
    expect(await gatherBoth('--timeout')).toEqual([0, ['a', 'b']])
    expect(await gather('row/5/end', '--sentinel', '--timeout', '1h')).toEqual([0, ['a']])
  })

  it('row 6: limits the time to the first response', async () => {
    await serve('row/6', '--respond', 'x', '--delay', '1h', '--drain-timeout', '1ms')
    const args = ['row/6', '--timeout', '1h', '--response-timeout', '100ms']
    expect(await run(['request', ...args])).toMatchObject({ code: 3 })
  })

  it('row 7: prints a stream as NDJSON, and Ctrl-C cancels it at the responder', async () => {
    const responder = await serve('row/7', '--stream', '-r', '1', '-r', '2', '--delay', '30ms', '--json')
    const { records } = await run(['request', 'row/7', '--stream', '--json'])
    expect(records()).toMatchObject([
      { type: 'response', value: '1' },
      { type: 'response', value: '2' },
    ])
    await serve('row/7/slow', '--stream', '-r', '1', '-r', '2', '--delay', '1h', '--drain-timeout', '1ms')
    const slow = startAntiphon(['request', 'row/7/slow', '--stream', '--timeout', '2h', '-v'], { env: env() })
    // The acceptance says where the cancel goes.
    await slow.printed('status 202')
    slow.interrupt()
    expect((await slow.ended).code).toBe(130)
    await running[1]?.printed('cancelled')
    expect(responder.shown()).toContain('"responded"')
  })

  it('row 8: sends a request for each line, several at once, in order or not, with progress and a summary', async () => {
    await serve('row/8', '--template', '{{payload}}!', '--concurrency', '10')
    const input = Array.from({ length: 50 }, (_, index) => index)
    const lines = (...args: readonly string[]): Promise<Ended> =>
      run(['request', 'row/8', '--lines', '--concurrency', '8', ...args], {
        stdin: inputOf(input.join('\n')),
        isTerminal: args.length === 0,
      })
    const inOrder = await lines()
    expect(inOrder.stdout.trim().split('\n')).toEqual(input.map((index) => `${index}!`))
    expect(inOrder.stderr).toContain('\r\u001b[K')
    expect(inOrder.stderr).toContain('50 answered, 0 failed')
    const unordered = await lines('--unordered')
    expect(unordered.stdout.trim().split('\n').sort()).toEqual(input.map((index) => `${index}!`).sort())
  })

  it('row 9: responds with a text, a template, or the payload', async () => {
    await serve('row/9/text', '--respond', 'hello')
    await serve('row/9/greet/{name}', '--template', '{{param name}}: {{value.a}}')
    await serve('row/9', '--echo')
    expect((await run(['request', 'row/9/text'])).stdout).toBe('hello\n')
    expect((await run(['request', 'row/9/greet/b', '{"a":1}'])).stdout).toBe('b: 1\n')
    expect((await run(['request', 'row/9', 'echo'])).stdout).toBe('echo\n')
  })

  it('row 10: responds by running a program, which is bounded, and killed on cancel', async () => {
    await serve('row/10', '--exec', upperCase)
    expect((await run(['request', 'row/10', 'hello'])).stdout).toBe('HELLO\n')
    const marker = join(folder, 'row-10')
    await serve('row/10/slow', '--exec', `echo $$ > '${marker}'; ${endlessCommand}`, '--drain-timeout', '1ms')
    const requester = startAntiphon(['request', 'row/10/slow', '--timeout', '1h', '-v'], { env: env() })
    await requester.printed('status 202')
    requester.interrupt()
    await requester.ended
    await running[1]?.printed('cancelled')
  })

  it('row 11: mocks a contract, with faults', async () => {
    const document = fileOf('car.json', JSON.stringify(carDocument))
    await started('mocking', 'mock', document, '--fault', 'unlock=failure')
    expect(await run(['request', 'greet', 'hi', '--contract', document])).toMatchObject({ code: 0 })
    const value = '{"door":"front","by":{"name":"x"}}'
    const unlock = ['request', 'unlock', value, '--contract', document, '--complete', '--param', 'vin=car7']
    expect(await run(unlock)).toMatchObject({ code: 5 })
  })

  it('row 12: shows requests paired with their responses, and the unmatched', async () => {
    await serve('row/12', '--echo')
    const tap = await started('tapping', 'tap', 'row/12', '--json')
    await run(['request', 'row/12', 'hi'])
    await tap.printed('"exchange"')
    const link = connect(broker.url)
    await firstValueFrom(
      link.publish$({ topic: 'response/x', payload: new Uint8Array(), correlationData: Buffer.from('late') }),
    )
    await tap.printed('"unmatched"')
    await link.close()
    tap.interrupt()
    const records = (await tap.ended).records()
    expect(records).toContainEqual(expect.objectContaining({ type: 'exchange', topic: 'row/12' }))
    expect(records.at(-1)).toMatchObject({ type: 'summary', answered: 1 })
  })

  it('row 13: records exchanges, replays them, and asserts the responses', async () => {
    const file = join(folder, 'row-13.jsonl')
    const responder = await serve('row/13', '--respond', 'one')
    const tap = await started('tapping', 'tap', 'row/13', '--record', file, '--count', '1')
    await run(['request', 'row/13', 'x'])
    await tap.ended
    expect(await run(['replay', file])).toMatchObject({ code: 0, stdout: 'one\n' })
    expect(await run(['replay', file, '--assert'])).toMatchObject({ code: 0 })
    responder.interrupt()
    await responder.ended
    await serve('row/13', '--respond', 'two')
    expect(await run(['replay', file, '--assert'])).toMatchObject({ code: 9 })
  })

  it.each([
    ['text', 'hi', 'hi'],
    ['json', '{"a":1}', '{"a":1}'],
    ['hex', 'ff00', 'ff00'],
    ['base64', '/wA=', '/wA='],
    ['cbor', '{"a":1}', '{"a":1}'],
    ['msgpack', '{"a":1}', '{"a":1}'],
    ['xml', '<a>1</a>', '<a>1</a>'],
  ])('row 14: reads and prints %s', async (format, payload, expected) => {
    await serve('row/14', '--echo')
    const { code, stdout } = await run(['request', 'row/14', payload, '--in', format, '--out', format])
    expect([code, stdout]).toEqual([0, `${expected}\n`])
  })

  it('row 15: converts Protobuf by a descriptor', async () => {
    const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_descriptor.proto] })
    const file = fileOf('row-15.binpb', toBinary(FileDescriptorSetSchema, set))
    const format = `protobuf:${file}:google.protobuf.DescriptorProto`
    await serve('row/15', '--echo')
    const args = ['row/15', '{"name":"Query"}', '--in', format, '--out', format]
    expect(await run(['request', ...args])).toMatchObject({ code: 0, stdout: '{"name":"Query"}\n' })
  })

  it('row 16: calls an endpoint by its name, validates the value first, and completes it', async () => {
    const document = fileOf('row-16.json', JSON.stringify(carDocument))
    await started('mocking', 'mock', document)
    const unlock = (value: string, ...args: readonly string[]): Promise<Ended> =>
      run(['request', 'unlock', value, '--contract', document, '--param', 'vin=car7', ...args])
    expect(await unlock('{"door":"top"}', '--complete', '--verbose')).toMatchObject({
      code: 2,
      stderr: expect.not.stringContaining('PUBLISH') as string,
    })
    expect(await unlock('{"door":"front"}')).toMatchObject({ code: 2 })
    expect(await unlock('{"door":"front"}', '--complete')).toMatchObject({ code: 0 })
    const module = fileURLToPath(new URL('contract-module.ts', import.meta.url))
    const greet = await run(['request', 'greet', 'hi', '--contract', module])
    expect([greet.code, greet.stderr]).toEqual([4, expect.stringContaining('module/greet')])
  })

  it('row 17: discovers services', async () => {
    await serve('row/17', '--echo', '--service', 'row17')
    const discover = async (...args: readonly string[]): Promise<string> =>
      (await run([...args, '--timeout', '1m', '--json'])).stdout
    for (const command of ['ls', 'info', 'stats', 'ping'])
      expect(await discover(command, 'row17')).toContain('"name":"row17"')
  })

  it('row 18: measures exchanges in a closed loop and at a rate, with a chart', async () => {
    await serve('row/18', '--echo', '--concurrency', '50')
    const { code, stdout } = await run(['bench', 'row/18', '--count', '100', '--warm-up', '1'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/lost[^]*duplicated[^]*<= .*#/)])
    const rated = ['bench', 'row/18', '--rate', '200', '--count', '50', '--warm-up', '1', '--json']
    expect((await run(rated)).records()).toMatchObject([
      { type: 'bench', answered: 50, lost: 0, duplicated: 0 },
    ])
  })

  it('row 19: writes the latencies as a file of HdrHistogram', async () => {
    const file = join(folder, 'row-19.hgrm')
    await run(['bench', 'row/19', '--echo', '--count', '50', '--histogram', file])
    expect(readFileSync(file, 'utf8')).toMatch(/Value +Percentile +TotalCount[^]*#\[Max/)
  })

  it('row 20: stores a connection as a context that only its user can read', async () => {
    await serve('row/20', '--echo')
    const password = fileOf('password', 'secret')
    const save = [
      'context',
      'save',
      'row20',
      '--url',
      broker.url,
      '--username',
      'me',
      '--password-file',
      password,
    ]
    expect(await run(save)).toMatchObject({ code: 0 })
    expect(statSync(join(folder, 'antiphon', 'contexts', 'row20.json')).mode & 0o777).toBe(0o600)
    const { ANTIPHON_URL: _, ...without } = env()
    const args = ['request', 'row/20', 'x', '--context', 'row20', '--verbose']
    const { code, stdout, stderr } = await antiphon(args, { env: without })
    expect([code, stdout]).toEqual([0, 'x\n'])
    expect(stderr).not.toContain('secret')
  })

  it.each([
    ['payload', ['--correlation', 'payload:id', '--response-topic', 'row/21/responses'], '{"a":1}'],
    [
      'topic',
      ['--correlation', 'topic', '--response-topic', 'row/21/responses/{id}', '--param', 'id=7'],
      'x',
    ],
  ])('row 21: correlates by the %s over MQTT 3.1.1', async (name, args, payload) => {
    const topic = name === 'topic' ? 'row/21/topic/{id}' : 'row/21/payload'
    const flags = args.filter((each) => each !== '--param' && each !== 'id=7')
    await serve(topic, '--echo', '--mqtt-version', '4', ...flags)
    const { code, stdout } = await run(['request', topic, payload, '--mqtt-version', '4', ...args])
    expect([code, stdout]).toEqual([0, expect.stringContaining(payload.replace(/[{}]/g, ''))])
  })

  it.each([
    ['aws-iot', '$aws/things/lamp/shadow/get', '{}', '{"state":{},"version":7}', '"version":7'],
    ['azure-iot-operations', 'row/21/azure', 'gently', 'pressed', 'pressed'],
    ['nestjs', 'row/21/nest', '[1,2]', '3', '3'],
    ['shelly', 'row21/rpc', '{"method":"Switch.Set"}', '{"result":{"on":true}}', '"on":true'],
    ['thingsboard', 'v1/devices/me/rpc/request', '{"method":"now","params":{}}', '{"time":7}', '"time":7'],
    ['zigbee2mqtt', 'zigbee2mqtt/bridge/request/x', '{}', '{"status":"ok","data":{"a":1}}', '"a":1'],
  ])(
    'row 21: sends and serves requests in the dialect %s',
    async (dialect, topic, value, response, expected) => {
      await serve(topic, '--respond', response, '--dialect', dialect)
      const { code, stdout } = await run(['request', topic, value, '--dialect', dialect])
      expect([code, stdout]).toEqual([0, expect.stringContaining(expected)])
    },
  )

  it('row 22: fills templates: count, random, time, UUID, lines of a file', async () => {
    await serve('row/22', '--echo')
    const names = fileOf('names.txt', 'Ada\nBob\n')
    const template = `{{count}} {{line ${names}}} {{random 1 1}} {{uuid}} {{time s}}`
    const { stdout } = await run(['request', 'row/22', template, '--template', '--count', '2'])
    expect(stdout).toMatch(/^1 Ada 1 [\da-f-]{36} \d+\n2 Bob 1 [\da-f-]{36} \d+\n$/)
  })

  it('row 23: passes the response through a command', async () => {
    await serve('row/23', '--respond', 'hello')
    const args = ['request', 'row/23', '--through', upperCase]
    expect(await run(args)).toMatchObject({ code: 0, stdout: 'HELLO\n' })
  })

  it('row 24: connects by TLS with a client certificate, WebSocket, and proxies', async () => {
    await serve('row/24', '--echo')
    const request = (...args: readonly string[]): Promise<Ended> => run(['request', 'row/24', 'x', ...args])
    const { clients, caFile } = broker.certificates
    const { certFile = '', keyFile = '' } = clients['shell'] ?? {}
    const tls = ['--url', broker.tlsUrl, '--ca', caFile]
    expect(await request(...tls, '--cert', certFile, '--key', keyFile)).toMatchObject({
      code: 0,
      stdout: 'x\n',
    })
    expect(await request(...tls)).toMatchObject({ code: 8 })
    expect(await request('--url', broker.wsUrl)).toMatchObject({ code: 0, stdout: 'x\n' })
    const [http, socks] = [await startHttpProxy(), await startSocksProxy()]
    for (const proxy of [http.url, socks.url])
      expect(await request('--proxy', proxy)).toMatchObject({ code: 0, stdout: 'x\n' })
    await http.stop()
    await socks.stop()
  })

  it('row 25: reports what the broker can do', async () => {
    const records = (await run(['check', '--timeout', '1m', '--json'])).records()
    expect(records.length).toBeGreaterThan(10)
    expect(records.filter(({ isSupported }) => isSupported === false)).toEqual([])
    expect(records.map(({ name }) => name).join()).toMatch(/shared|share/i)
  })

  it('row 26: completes the names of contexts, and options, in shells', async () => {
    await run(['context', 'save', 'row26', '--url', broker.url])
    expect((await run(['context', 'list'])).stdout).toContain('row26')
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await run(['completion', shell])).stdout).toContain('response-timeout')
  })

  it('row 27: has examples in its help that run', async () => {
    const { stdout } = await run(['request', '--help'])
    expect(stdout).toContain('antiphon request home/temperature Vienna')
    await serve('home/temperature', '--respond', '22.5')
    expect(await run(['request', 'home/temperature', 'Vienna'])).toMatchObject({ stdout: '22.5\n' })
  })

  it('row 28: sends a trace context', async () => {
    await serve('row/28', '--template', '{{property traceparent}}')
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await run(['request', 'row/28', '--traceparent', parent])).toMatchObject({ stdout: `${parent}\n` })
  })
}
