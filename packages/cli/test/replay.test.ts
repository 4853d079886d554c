import type { Broker } from '@antiphon/broker'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Ended, type Running } from './run-antiphon.js'

const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))
const recording = join(folder, 'home.jsonl')
let broker: Broker
let url = ''

const serve = async (...args: readonly string[]): Promise<Running> => {
  const responder = startAntiphon(['serve', ...args, '--url', url])
  await responder.printed('serving')
  return responder
}
const stop = async (responders: readonly Running[]): Promise<void> => {
  for (const { interrupt } of responders) interrupt()
  await Promise.all(responders.map(({ ended }) => ended))
}
const replay = (...args: readonly string[]): Promise<Ended> =>
  antiphon(['replay', recording, ...args, '--url', url])

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  const responders = [
    await serve('home/temp', '--template', '{"city":"{{payload}}","at":{"time":"{{time}}"},"t":22}'),
    await serve('home/stream', '--stream', '-r', 'a', '-r', 'b'),
    await serve('home/broken', '--fail', 'broken'),
  ]
  const tap = startAntiphon(['tap', 'home/#', '--record', recording, '--count', '3', '--url', url])
  await tap.printed('tapping')
  const request = (...args: readonly string[]) => antiphon(['request', ...args, '--url', url])
  await request('home/temp', 'Vienna', '--property', 'lang=de')
  await request('home/stream', 'x', '--stream')
  await request('home/broken', 'y')
  await tap.ended
  await stop(responders)
})
afterAll(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

/** Runs with responders that respond as recorded, but for the time. */
async function withResponders(
  run: () => Promise<void>,
  { temperature = 22, stream = ['-r', 'a', '-r', 'b'], broken = ['--fail', 'broken'] } = {},
): Promise<void> {
  const responders = [
    await serve(
      'home/temp',
      '--template',
      `{"t":${temperature},"city":"{{payload}}","at":{"time":"{{time}}"}}`,
    ),
    await serve('home/stream', '--stream', ...stream),
    await serve('home/broken', ...broken),
  ]
  await run()
  await stop(responders)
}

describe('antiphon tap --record', () => {
  it('writes whole exchanges, readable for the user alone', () => {
    const lines = readFileSync(recording, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        at: 0,
        topic: 'home/temp',
        request: { payload: Buffer.from('Vienna').toString('base64'), contentType: 'text/plain' },
        isStream: false,
        status: 200,
        responses: [{ contentType: 'application/json' }],
      },
      { topic: 'home/stream', isStream: true, responses: [{}, {}] },
      { topic: 'home/broken', status: 500 },
    ])
    expect(statSync(recording).mode & 0o777).toBe(0o600)
  })

  it('refuses a file that it cannot write', async () => {
    const file = join(folder, 'missing', 'x')
    expect(await antiphon(['tap', 'x', '--record', file, '-u', url])).toMatchObject({
      code: 2,
      stderr: `antiphon: cannot write --record ${file}: ENOENT: no such file or directory\n`,
    })
  })
})

describe('antiphon replay', () => {
  it('sends the requests again and prints the responses', async () => {
    await withResponders(async () => {
      const { code, stdout, stderr } = await replay()
      expect(code).toBe(5)
      expect(stdout).toMatch(/^\{"t":22,"city":"Vienna",.*\}\na\nb\n$/)
      expect(stderr).toMatch(/2 answered, 1 failed in [\d.]+ ms\n$/)
    })
  })

  it('finds no difference if the responses are as recorded, without the ignored properties', async () => {
    await withResponders(async () => {
      expect(await replay('--assert', '--ignore', 'at.time', '--speed', '100')).toMatchObject({
        code: 0,
        stdout: '',
        stderr: expect.stringMatching(/^3 as recorded, 0 failed/) as string,
      })
    })
  })

  it('prints the differences, and exits with 9', async () => {
    const others = { temperature: 23, stream: ['-r', 'a'], broken: ['-r', 'fine'] }
    await withResponders(async () => {
      const { code, stdout } = await replay('--assert')
      expect(code).toBe(9)
      expect(stdout.split('\n')).toEqual([
        expect.stringMatching(/^request 1 to home\/temp: expected .*"t":22\}, received \{"t":23,.*$/),
        'request 2 to home/stream: expected 2 responses, received 1 responses',
        'request 3 to home/broken: expected status 500, received status 200',
        '',
      ])
      const { records } = await replay('--assert', '--json')
      expect(records()).toMatchObject([
        { type: 'mismatch' },
        { type: 'mismatch' },
        { type: 'mismatch' },
        { type: 'summary', failed: 3 },
      ])
    }, others)
  })

  it('compares the items of a stream, and what is no response', async () => {
    await withResponders(
      async () => {
        const { stdout } = await replay('--assert', '--ignore', 'at')
        expect(stdout).toBe('request 2 to home/stream: expected b, received c\n')
      },
      { stream: ['-r', 'a', '-r', 'c'] },
    )
    const { code, stdout } = await replay('--assert')
    expect([code, stdout]).toEqual([
      9,
      expect.stringContaining('expected status 200, received the broker reports no subscriber'),
    ])
  })

  it('compares JSON that a plain MQTT client sends without saying so', async () => {
    const plain = join(folder, 'plain.jsonl')
    const message = (text: string) => ({ payload: Buffer.from(text).toString('base64'), userProperties: [] })
    const exchange = { at: 0, topic: 'plain', request: message('q'), isStream: false, milliseconds: 1 }
    writeFileSync(
      plain,
      [['{"a":[1,{"b":2}]}'], ['{x'], ['text']]
        .map((responses) => `${JSON.stringify({ ...exchange, responses: responses.map(message) })}\n\n`)
        .join(''),
    )
    const responder = await serve('plain', '-r', '{"a": [1, {"b": 3}]}', '--in', 'text')
    const { stdout } = await antiphon([
      'replay',
      plain,
      '--assert',
      '--ignore',
      'b',
      '--ignore',
      'a.b',
      '-u',
      url,
    ])
    expect(stdout.split('\n').map((line) => line.slice(0, 40))).toEqual([
      'request 2 to plain: expected {x, receive',
      'request 3 to plain: expected text, recei',
      '',
    ])
    await stop([responder])
  })

  it('ends on Ctrl-C while it waits for the next request', async () => {
    const slow = join(folder, 'slow.jsonl')
    const [line = ''] = readFileSync(recording, 'utf8').split('\n')
    writeFileSync(slow, `${line}\n${line.replace('"at":0', '"at":3600000')}\n`)
    await withResponders(async () => {
      const { printed, interrupt, ended } = startAntiphon(['replay', slow, '--speed', '1', '-u', url])
      await printed('Vienna')
      interrupt()
      expect((await ended).code).toBe(130)
    })
  })

  it.each<[string, RegExp]>([
    [
      '{"topic":1}\n',
      /^antiphon: .*bad\.jsonl:1 is not a recorded exchange: record it with antiphon tap --record\n$/,
    ],
    ['\n{\n', /bad\.jsonl:2 is not a recorded exchange/],
  ])('refuses the line %j', async (text, message) => {
    const bad = join(folder, 'bad.jsonl')
    writeFileSync(bad, text)
    const { code, stderr } = await antiphon(['replay', bad, '-u', url])
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  it('names a recording that does not exist, and a speed that is no number', async () => {
    expect(await antiphon(['replay', '/missing', '-u', url])).toMatchObject({
      code: 2,
      stderr: 'antiphon: there is no recording /missing\n',
    })
    expect(await replay('--speed', '0')).toMatchObject({ code: 2 })
    expect(await antiphon(['replay', folder, '-u', url])).toMatchObject({ code: 1 })
  })
})
