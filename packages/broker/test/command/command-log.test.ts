import { AntiphonError } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { commandLog, type CommandLogOptions } from '../../src/command/command-log.js'
import type { BrokerEvent, ClientInfo } from '../../src/index.js'

const now = (): Date => new Date('2026-01-02T03:04:05.678Z')
const client: ClientInfo = {
  clientId: 'car1',
  protocolVersion: 4,
  remoteAddress: '127.0.0.1:5000',
  listener: 'mqtt://127.0.0.1:1883',
  keepAlive: 60,
}
const ended = { client, isClean: false, isSessionKept: true }
const message = {
  topic: 'a/b',
  payload: Buffer.from('{"on":true}'),
  qos: 1,
  retain: false,
  dup: false,
} as const

function linesOf(
  events: readonly BrokerEvent[],
  options: Partial<CommandLogOptions> = { verbose: true },
): readonly string[] {
  const lines: string[] = []
  const log = commandLog({ print: (line) => lines.push(line), now, ...options })
  events.forEach(log.event)
  return lines
}

describe('commandLog', () => {
  it('prints one line for each event, with the time and the reason of a refusal', () => {
    const events: BrokerEvent[] = [
      { type: 'listening', url: 'mqtt://127.0.0.1:1883' },
      { type: 'connected', client, sessionPresent: true },
      { type: 'connected', client: { ...client, protocolVersion: 5 }, sessionPresent: false },
      { type: 'refused', remoteAddress: 'r', clientId: '', reasonCode: 0x87, reason: 'no key' },
      {
        type: 'refused',
        remoteAddress: 'r',
        clientId: 'x',
        reasonCode: 0x87,
        reason: 'not authorized (0x87)',
      },
      { type: 'session-started', clientId: 'car1' },
      { type: 'subscribed', clientId: 'car1', filter: 'a/#', reasonCode: 1 },
      { type: 'subscribed', clientId: 'car1', filter: '#', reasonCode: 0x87, reason: 'no template' },
      { type: 'subscribed', clientId: 'car1', filter: '#', reasonCode: 0x80 },
      { type: 'unsubscribed', clientId: 'car1', filter: 'a/#' },
      { type: 'published', clientId: 'car1', message, reasonCode: 0 },
      { type: 'published', clientId: '', message: { ...message, payload: Buffer.alloc(0) }, reasonCode: 0 },
      { type: 'published', clientId: 'car1', message, reasonCode: 0x87, reason: 'no space' },
      { type: 'dropped', clientId: 'car1', topic: 'a/b', loss: 'queue-full', limit: 'queueMessages' },
      {
        type: 'hook-failed',
        hook: 'authenticate',
        clientId: '',
        error: new AntiphonError('unknown', 'it threw'),
      },
      { type: 'disconnected', ...ended, by: 'network', reason: 'closed' },
      { type: 'disconnected', ...ended, by: 'broker', reasonCode: 0x8d, reason: 'silent' },
      { type: 'session-ended', clientId: 'car1' },
      {
        type: 'hook-failed',
        hook: 'authenticate',
        clientId: 'x',
        error: new AntiphonError('unknown', 'late'),
      },
      { type: 'listener-failed', url: 'u', error: new AntiphonError('unknown', 'no files') },
      { type: 'storage-failed', error: new AntiphonError('unknown', 'disk full') },
    ]
    expect(linesOf(events)).toEqual(
      [
        'connected car1 from 127.0.0.1:5000 to mqtt://127.0.0.1:1883 (MQTT 3.1.1, session resumed)',
        'connected car1 from 127.0.0.1:5000 to mqtt://127.0.0.1:1883 (MQTT 5, new session)',
        'refused a client from r: no key; not authorized (0x87)',
        'refused x from r: not authorized (0x87)',
        'session-started car1',
        'subscribed car1 a/# at QoS 1',
        'subscribe-refused car1 #: no template; not authorized (0x87)',
        'subscribe-refused car1 #: unspecified error (0x80)',
        'unsubscribed car1 a/#',
        'published car1 a/b at QoS 1: {"on":true} (11 bytes)',
        'published the broker a/b at QoS 1: no payload',
        'publish-refused car1 a/b: no space; not authorized (0x87)',
        'dropped a/b to car1: queue-full (limits.queueMessages)',
        'hook-failed authenticate for a client: it threw',
        'disconnected car1 by the network: closed',
        'disconnected car1 by the broker: silent; keep alive timeout (0x8d)',
        'session-ended car1',
        'hook-failed authenticate for x: late',
        'listener-failed u: no files',
        'storage-failed: disk full',
      ].map((line) => `03:04:05.678 ${line}`),
    )
  })

  it('cuts long payloads and prints bytes that are no text as hexadecimal', () => {
    const published = (payload: Uint8Array): BrokerEvent => ({
      type: 'published',
      clientId: 'a',
      reasonCode: 0,
      message: { ...message, payload },
    })
    const [long = '', bytes = ''] = linesOf([
      published(Buffer.alloc(1_000, 'x')),
      published(Buffer.of(0xff, 1)),
    ])
    expect(long).toMatch(/: x{200}… \(1000 bytes\)$/)
    expect(bytes).toMatch(/: 0xff01 \(2 bytes\)$/)
  })

  it('escapes control characters, with which a client could forge a line or control a terminal', () => {
    const clientId = 'a\n03:04:05.678 connected admin\u001b[2J\u0085\u2028'
    expect(linesOf([{ type: 'session-started', clientId }])).toEqual([
      '03:04:05.678 session-started a\\u000a03:04:05.678 connected admin\\u001b[2J\\u0085\\u2028',
    ])
  })

  it('prints events, notices and reports as lines of JSON', () => {
    const lines: string[] = []
    const log = commandLog({ print: (line) => lines.push(line), json: true, now })
    log.notice('closed')
    log.report({ type: 'command', status: 'SENT' }, 'command SENT')
    log.event({ type: 'listening', url: 'u' })
    const time = '2026-01-02T03:04:05.678Z'
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { time, type: 'notice', text: 'closed' },
      { time, type: 'command', status: 'SENT' },
      { time, type: 'listening', url: 'u' },
    ])
  })

  it('prints notices and reports only, unless it is verbose', () => {
    const lines: string[] = []
    const log = commandLog({ print: (line) => lines.push(line) })
    log.event({ type: 'session-started', clientId: 'a' })
    log.notice('listening')
    log.report({ type: 'telemetry' }, 'lamp 21.5')
    expect(lines).toEqual(['listening', 'lamp 21.5'])
    const before = Date.now()
    const [line = ''] = linesOf([{ type: 'session-started', clientId: 'a' }], {
      json: true,
      now: () => new Date(),
    })
    expect(Date.parse((JSON.parse(line) as { time: string }).time)).toBeGreaterThanOrEqual(before)
  })
})
