import { AntiphonError } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/cli/log.js'
import type { Log } from '../../src/cli/log.js'
import type { BrokerEvent } from '../../src/index.js'

const published = (payload: Uint8Array): BrokerEvent => ({
  type: 'published',
  clientId: 'a',
  reasonCode: 0,
  message: { topic: 't', payload, qos: 0, retain: false, dup: false, correlationData: Buffer.of(1, 255) },
})

/** Returns the lines that a log prints at one moment. */
function linesOf(format: 'text' | 'json', write: (log: Log) => void): string[] {
  const lines: string[] = []
  write(
    createLog({
      format,
      print: (line) => lines.push(line),
      now: () => new Date('2026-01-02T03:04:05.678Z'),
    }),
  )
  return lines
}

describe('createLog', () => {
  it('prints time, level, text payloads as text and other bytes as hexadecimal in JSON', () => {
    const [line = ''] = linesOf('json', (log) => log.event(published(Buffer.from('{"on":"ü"}'))))
    expect(JSON.parse(line)).toEqual({
      time: '2026-01-02T03:04:05.678Z',
      level: 'debug',
      ...published(new Uint8Array()),
      message: {
        ...{ topic: 't', qos: 0, retain: false, dup: false },
        payload: '{"on":"ü"}',
        correlationData: { hex: '01ff' },
      },
    })
    for (const bytes of [Buffer.of(0xc3, 0x28), Uint8Array.of(0, 1, 2)]) {
      const [other = ''] = linesOf('json', (log) => log.event(published(bytes)))
      const { message } = JSON.parse(other) as { message: { payload: unknown } }
      expect(message.payload).toEqual({ hex: Buffer.from(bytes).toString('hex') })
    }
  })

  it('prints errors with their code', () => {
    const error = new AntiphonError('overflow', 'the disk is full')
    const [json] = linesOf('json', (log) => log.event({ type: 'storage-failed', error }))
    expect(json).toContain('"error":{"code":"overflow","message":"the disk is full"}')
    expect(linesOf('text', (log) => log.event({ type: 'storage-failed', error }))).toEqual([
      '2026-01-02T03:04:05.678Z error storage-failed: the disk is full',
    ])
  })

  it('escapes control characters, with which a client could forge lines', () => {
    const dropped: BrokerEvent = {
      type: 'dropped',
      clientId: 'a\n2026',
      topic: 'home/1',
      loss: 'queue-full',
      limit: 'queueMessages',
    }
    expect(linesOf('text', (log) => log.event(dropped))).toEqual([
      '2026-01-02T03:04:05.678Z warn dropped home/1 to a\\u000a2026: queue-full (limits.queueMessages)',
    ])
  })

  it('prints once where the command listens', () => {
    expect(linesOf('text', (log) => log.event({ type: 'listening', url: 'u' }))).toEqual([])
  })

  it('prints the state of the command without time in text, and faults with time', () => {
    const write = (log: Log): void => {
      log.status('listening on mqtt://127.0.0.1:1883')
      log.fault('error', 'cannot reload: acl:1')
    }
    expect(linesOf('text', write)).toEqual([
      'listening on mqtt://127.0.0.1:1883',
      '2026-01-02T03:04:05.678Z error cannot reload: acl:1',
    ])
    expect(linesOf('json', write).map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: '2026-01-02T03:04:05.678Z',
        type: 'notice',
        level: 'info',
        text: 'listening on mqtt://127.0.0.1:1883',
      },
      { time: '2026-01-02T03:04:05.678Z', type: 'notice', level: 'error', text: 'cannot reload: acl:1' },
    ])
  })
})
