import type { Broker } from '@antiphon/broker'
import {
  bytes,
  endpoint,
  request,
  text,
  withMessage,
  type Endpoint,
  type EndpointTypes,
  type Link,
} from '@antiphon/core'
import { cbor } from '@antiphon/codecs/cbor'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Running } from './run-antiphon.js'

let broker: Broker
let url = ''
let link: Link
let running: Running[] = []
const folder = mkdtempSync(join(tmpdir(), 'antiphon-cli-'))

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  link = broker.link()
})
afterEach(async () => {
  for (const each of running) each.interrupt()
  await Promise.all(running.map(({ ended }) => ended))
  running = []
})
afterAll(async () => {
  await link.close()
  await broker.close()
  rmSync(folder, { recursive: true })
})

/** Starts the command and waits until it has subscribed. */
async function serve(...args: readonly string[]): Promise<Running> {
  const started = startAntiphon(['serve', ...args, '--url', url])
  running.push(started)
  await started.printed(args.includes('--json') ? '"ready"' : 'serving')
  return started
}

const rooms = endpoint({ topic: 'rooms/{room}', request: text, response: text })
const requestFrom = async (value: string, options = {}): Promise<string> =>
  request(link, rooms, { params: { room: 'attic' }, value }, options)
const serveArguments = ['rooms/{room}', '--param', 'room=attic']

describe('antiphon serve', () => {
  it('responds with a text, with its Content Type and User Properties', async () => {
    const { ended, interrupt } = await serve(...serveArguments, '-r', '22.5', '--property', 'unit=C')
    const { value, message } = await request(link, withMessage(rooms), {
      params: { room: 'attic' },
      value: 'now',
    })
    expect([value, message.contentType]).toEqual(['22.5', 'text/plain'])
    expect(message.userProperties).toContainEqual(['unit', 'C'])
    interrupt()
    expect(await ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^rooms\/attic now responded in [\d.]+ ms\n$/) as string,
      stderr: `serving rooms/{room} at ${url}, until Ctrl-C\n`,
    })
  })

  it('prints requests and outcomes as records with --json', async () => {
    const { ended } = await serve(...serveArguments, '-r', '{"a":1}', '--json', '--count', '1')
    const any = endpoint({ topic: 'rooms/{room}', request: text, response: bytes })
    await request(link, any, { params: { room: 'attic' }, value: 'now' })
    const { code, records } = await ended
    expect(code).toBe(0)
    expect(records()).toMatchObject([
      { type: 'ready', topic: 'rooms/{room}' },
      { type: 'request', topic: 'rooms/attic', params: { room: 'attic' }, value: 'now', format: 'text' },
      { type: 'served', topic: 'rooms/attic', outcome: 'responded' },
    ])
  })

  it('responds with the bytes of a file', async () => {
    const file = join(folder, 'response.bin')
    writeFileSync(file, Uint8Array.of(0xff, 0))
    await serve('file', '--respond-file', file, '--in', 'raw')
    const at = endpoint({ topic: 'file', request: text, response: bytes })
    expect([...(await request(link, at, ''))]).toEqual([0xff, 0])
  })

  it('responds with the payload of the request, in its Content Type', async () => {
    await serve('echo', '--echo')
    const at = endpoint({ topic: 'echo', request: cbor.unchecked(), response: cbor.unchecked() })
    expect(await request(link, at as Endpoint<EndpointTypes & { kind: 'one' }>, { a: 1 })).toEqual({ a: 1 })
  })

  it('fills a template from the request', async () => {
    await serve(
      ...serveArguments,
      '--template',
      '{{count}} {{param room}} {{payload}} {{property lang}} {{topic}}',
    )
    expect(await requestFrom('hi', { userProperties: [['lang', 'de']] })).toBe('1 attic hi de rooms/attic')
    expect(await requestFrom('ho')).toBe('2 attic ho  rooms/attic')
  })

  it('reads the value of the request as its Content Type says, in a template', async () => {
    await serve('json', '--template', '{{value.city}} {{value.deep.list}} {{value.missing}}.', '--in', 'text')
    const at = endpoint({ topic: 'json', request: cbor.unchecked(), response: text })
    const value = { city: 'Wien', deep: { list: [1] } }
    expect(await request(link, at as never, value as never)).toBe('Wien [1] .')
  })

  it('responds with an application error', async () => {
    const { ended, interrupt } = await serve(...serveArguments, '--fail', 'door-open')
    await expect(requestFrom('x')).rejects.toMatchObject({
      status: { code: 500, applicationCode: 'door-open' },
    })
    interrupt()
    expect((await ended).stdout).toMatch(/^rooms\/attic x failed in [\d.]+ ms: door-open\n$/)
  })

  it('responds with a stream, and waits before each response', async () => {
    await serve('history', '--stream', '-r', 'a', '-r', 'b', '--delay', '1ms')
    const { stdout } = await antiphon(['request', 'history', '--stream', '-u', url])
    expect(stdout).toBe('a\nb\n')
  })

  it('passes the options of the responder on', async () => {
    const options = [
      '--group',
      'g',
      '--qos',
      '0',
      '--concurrency',
      '1',
      '--queue',
      '5',
      '--acknowledge',
      'on-receipt',
    ]
    const others = ['--handler-timeout', '20ms', '--delay', '1m', '--drain-timeout', '1s']
    await serve(...serveArguments, '-r', 'x', ...options, ...others, '--response-topics', 'response/#')
    await expect(requestFrom('x')).rejects.toMatchObject({ status: { code: 408 } })
    await serve('own', '-r', 'x', '--no-local')
  })

  it('handles requests without a response topic with --notifications', async () => {
    const { ended } = await serve('events', '-r', 'x', '--notifications', '--count', '1')
    await firstValueFrom(link.publish$({ topic: 'events', payload: new Uint8Array([65]) }))
    expect((await ended).stdout).toMatch(/^events A responded in/)
  })

  it('finishes the running requests on Ctrl-C', async () => {
    const { ended, interrupt, printed } = await serve(
      ...serveArguments,
      '-r',
      'late',
      '--delay',
      '300ms',
      '-v',
    )
    const response = requestFrom('x')
    await printed('< PUBLISH rooms/attic')
    interrupt()
    expect(await response).toBe('late')
    expect((await ended).code).toBe(0)
  })

  it('ends at once if it is interrupted before it is connected', async () => {
    const args = ['serve', 'x', '-r', 'x', '-u', 'mqtt://127.0.0.1:1', '--wait-for-broker', '-v']
    const { ended, interrupt, printed } = startAntiphon(args)
    await printed('ECONNREFUSED')
    interrupt()
    expect(await ended).toMatchObject({ code: 0 })
  })

  it('shows long and binary payloads in one short line', async () => {
    const { ended, interrupt } = await serve('blob', '--echo', '--out', 'json')
    const at = endpoint({ topic: 'blob', request: bytes, response: bytes })
    await request(link, at, Uint8Array.of(0xff))
    await request(link, at, new TextEncoder().encode(`${'a'.repeat(100)}`))
    await request(link, at, new TextEncoder().encode('a\n"b"'))
    interrupt()
    const lines = (await ended).stdout.split('\n')
    expect(lines.map((line) => line.replace(/ responded.*/, ''))).toEqual([
      'blob (1 bytes)',
      `blob ${'a'.repeat(80)}…`,
      'blob a\\n"b"',
      '',
    ])
  })

  it.each<[readonly string[], string]>([
    [[], 'serve does not know what to respond: set --respond, --template, --echo or --exec'],
    [['--echo', '-r', 'x'], '--respond and --echo exclude each other: set one of them'],
    [['-r', 'x', '-r', 'y'], '--respond is set 2 times: one request has one response; add --stream'],
    [
      ['--respond-file', '/missing'],
      'cannot read --respond-file /missing: ENOENT: no such file or directory',
    ],
  ])('refuses %j', async (args, message) => {
    expect(await antiphon(['serve', 'x', ...args, '-u', url])).toMatchObject({
      code: 2,
      stderr: `antiphon: ${message}\n`,
    })
  })
})
