import { consoleSink, pinoSink, type EventLevel, type ExchangeEvent } from '@antiphon/core/events'
import { describe, expect, it } from 'vitest'

const head = { at: 0, client: 'c', link: 'l' }
const message = { topic: 'a\nb', bytes: 1 }
const requester = { ...head, side: 'requester', endpoint: 'e', exchange: 7 } as const
const link = { ...head, side: 'link' } as const

/** Each level with its events and their texts. */
const cases: readonly (readonly [EventLevel, ExchangeEvent, string])[] = [
  ['debug', { ...requester, kind: 'requested', topic: 't', timeout: 1 }, 'requester e requested #7'],
  ['debug', { ...requester, kind: 'settled', outcome: 'responded' }, 'requester e settled #7 responded'],
  ['debug', { ...requester, kind: 'settled', outcome: 'cancelled' }, 'requester e settled #7 cancelled'],
  [
    'warn',
    { ...requester, kind: 'settled', outcome: 'failed', error: { message: 'no\nway' } },
    'requester e settled #7 failed: "no\\nway"',
  ],
  [
    'warn',
    { ...requester, kind: 'retried', attempt: 2, correlation: 'x', message },
    'requester e retried #7 "a\\nb"',
  ],
  [
    'warn',
    { ...head, side: 'responder', endpoint: 'e', kind: 'ignored', reason: 'invalid', detail: 'odd', message },
    'responder e ignored "a\\nb": "odd"',
  ],
  [
    'debug',
    {
      ...head,
      side: 'responder',
      endpoint: 'e',
      kind: 'ignored',
      reason: 'retained',
      detail: 'odd',
      message,
    },
    'responder e ignored "a\\nb": "odd"',
  ],
  ['warn', { ...link, kind: 'unmatched', message }, 'unmatched "a\\nb"'],
  ['warn', { ...link, kind: 'dropped', count: 3 }, 'dropped'],
  ['warn', { ...link, kind: 'offline', retryIn: 1, error: { message: 'gone' } }, 'offline: "gone"'],
  ['info', { ...link, kind: 'connecting', attempt: 1 }, 'connecting'],
  ['info', { ...link, kind: 'online', sessionPresent: true, protocolVersion: 5 }, 'online'],
  ['info', { ...link, kind: 'closed' }, 'closed'],
  ['error', { ...link, kind: 'closed', error: { message: 'bad' } }, 'closed: "bad"'],
  ['error', { ...link, kind: 'incident', incident: 'refused' }, 'incident'],
]

/** A logger that records the level and the arguments of its calls. */
function recorder(): {
  readonly calls: unknown[][]
  readonly logger: Record<EventLevel, (...args: unknown[]) => void>
} {
  const calls: unknown[][] = []
  const log =
    (level: EventLevel) =>
    (...args: unknown[]): void => {
      calls.push([level, ...args])
    }
  return { calls, logger: { error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') } }
}

describe('pinoSink', () => {
  it.each(cases)('logs with level %s', (level, event, text) => {
    const { calls, logger } = recorder()
    pinoSink(logger)(event)
    expect(calls).toEqual([[level, event, text]])
  })
})

describe('consoleSink', () => {
  it('writes a line for each event of a level and above', () => {
    const { calls, logger } = recorder()
    const sink = consoleSink({ level: 'warn', console: logger })
    for (const [, event] of cases) sink(event)
    expect(calls.map(([level]) => level)).toEqual(
      cases.map(([level]) => level).filter((level) => level === 'warn' || level === 'error'),
    )
    expect(calls[0]).toEqual(['warn', '1970-01-01T00:00:00.000Z c requester e settled #7 failed: "no\\nway"'])
  })

  it('writes to the console from level info by default', () => {
    expect(() => consoleSink()({ ...requester, kind: 'cancelled' })).not.toThrow()
    expect(() => consoleSink({ level: 'all' } as never)).toThrow('options.level is "all"')
  })
})
