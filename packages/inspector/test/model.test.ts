import type { ExchangeEvent } from '@antiphon/core/events'
import { describe, expect, it } from 'vitest'
import { DurationCounts } from '../src/model/duration-counts.js'
import { EndpointSeries } from '../src/model/endpoint-series.js'
import { ExchangeLog } from '../src/model/exchange-log.js'
import { spanOf, spanUrl, toHar, toNdjson } from '../src/model/exports.js'
import { readEvent } from '../src/model/read-event.js'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { toSequence } from '../src/model/sequence.js'
import { toTimeLines } from '../src/model/time-lines.js'
import { hasWholePayload } from '../src/model/whole-payload.js'

const message = { topic: 't', bytes: 1 }
const requester = { side: 'requester', client: 'phone', link: 'a', endpoint: 'e' } as const
const responder = { side: 'responder', client: 'server', link: 'b', endpoint: 'e' } as const
const link = { side: 'link', client: 'phone', link: 'a' } as const

/** The events of one exchange that was sent twice, at both sides. */
function eventsOf(exchange: number, correlation: string): readonly ExchangeEvent[] {
  return [
    { ...requester, client: '', at: 1_000, kind: 'requested', exchange, topic: 't', timeout: 500 },
    { ...requester, at: 1_001, kind: 'subscribed', exchange, filter: 'r' },
    { ...requester, at: 1_002, kind: 'sent', exchange, attempt: 1, correlation, message },
    { ...responder, at: 1_003, kind: 'received', exchange, correlation, group: 'g', message },
    { ...responder, at: 1_003, kind: 'started', exchange },
    { ...requester, at: 1_004, kind: 'acknowledged', exchange, reasonCode: 16 },
    { ...requester, at: 1_100, kind: 'retried', exchange, attempt: 2, correlation, message },
    { ...responder, at: 1_101, kind: 'duplicate', correlation, detail: 'again', message },
    { ...responder, at: 1_200, kind: 'responded', exchange, message },
    { ...responder, at: 1_201, kind: 'acknowledged', exchange, reasonCode: 0 },
    { ...responder, at: 1_201, kind: 'settled', exchange, outcome: 'responded', status: 200, duration: 198 },
    { ...requester, at: 1_202, kind: 'received', exchange, message },
    { ...requester, at: 1_202, kind: 'settled', exchange, outcome: 'responded' },
  ]
}

function logOf(
  events: readonly ExchangeEvent[],
  ...bounds: ConstructorParameters<typeof ExchangeLog>
): ExchangeLog {
  const log = new ExchangeLog(...bounds)
  for (const event of events) log.add(event)
  return log
}

describe('ExchangeLog', () => {
  const expected = {
    endpoint: 'e',
    topic: 't',
    requester: 'phone',
    responder: 'server',
    group: 'g',
    attempts: 2,
    duplicates: 1,
    items: 1,
    outcome: 'responded',
    status: 200,
    deadline: 1_500,
    duration: 202,
  }

  it('pairs the events of both sides', () => {
    const { rows } = logOf(eventsOf(1, 'c'))
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject(expected)
  })

  it('pairs them also if those of the responder arrive first', () => {
    const events = eventsOf(1, 'c')
    const { rows } = logOf([
      ...events.filter(({ side }) => side === 'responder'),
      ...events.filter(({ side }) => side === 'requester'),
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ ...expected, outcome: 'responded' })
  })

  it('keeps exchanges of different links with equal numbers apart', () => {
    const events = eventsOf(1, 'c').filter(({ side }) => side === 'requester')
    const others = events.map((event) => ({
      ...event,
      link: 'z',
      ...('correlation' in event ? { correlation: 'd' } : {}),
    })) as readonly ExchangeEvent[]
    expect(logOf([...events, ...others]).rows.map(({ correlation }) => correlation)).toEqual(['c', 'd'])
  })

  it('keeps exchanges apart that only their topics identify, and that have no token', () => {
    const { rows } = logOf(
      [1, 2].flatMap((exchange): readonly ExchangeEvent[] => [
        { ...responder, at: exchange, kind: 'received', exchange, correlation: '', message },
        { ...responder, at: exchange, kind: 'started', exchange },
      ]),
    )
    expect(rows.map(({ events }) => events.length)).toEqual([2, 2])
  })

  it('shows a request whose requester is not observed', () => {
    const settled = {
      ...responder,
      at: 5,
      kind: 'settled',
      exchange: 1,
      outcome: 'failed',
      status: 500,
      error: { message: 'no' },
    } as const
    const { rows } = logOf([{ ...responder, at: 1, kind: 'received', exchange: 1, message }, settled])
    expect(rows[0]).toMatchObject({
      outcome: 'failed',
      status: 500,
      error: { message: 'no' },
      requester: undefined,
    })
    const ignored = {
      ...responder,
      at: 1,
      kind: 'ignored',
      reason: 'invalid',
      detail: 'odd',
      status: 400,
      message,
    } as const
    expect(logOf([ignored]).rows[0]).toMatchObject({ outcome: 'ignored: invalid', status: 400, topic: 't' })
  })

  it('leaves an exchange pending until its requester has settled it', () => {
    const events = eventsOf(1, 'c').slice(0, -2)
    expect(logOf(events).rows[0]).toMatchObject({ isPending: true, status: 200, duration: undefined })
  })

  it('counts items and credit of streams', () => {
    const { rows } = logOf([
      { ...requester, at: 1, kind: 'credit', exchange: 1, total: 7 },
      { ...requester, at: 2, kind: 'received', exchange: 1, message },
      { ...requester, at: 3, kind: 'received', exchange: 1, message },
      { ...responder, at: 1, kind: 'responded', exchange: 5, message },
    ])
    expect(rows).toMatchObject([{ items: 2, credit: 7 }, { items: 1 }])
  })

  it('counts how often a stream had no credit left, and for how long', () => {
    const opening = { ...message, userProperties: [['__credit', '2']] as const }
    const item = (at: number): ExchangeEvent => ({
      ...requester,
      at,
      kind: 'received',
      exchange: 1,
      message,
    })
    const events: readonly ExchangeEvent[] = [
      { ...requester, at: 0, kind: 'sent', exchange: 1, attempt: 1, correlation: 'c', message: opening },
      item(1),
      item(2),
      // Two items of credit are used up until this comes.
      { ...requester, at: 12, kind: 'credit', exchange: 1, total: 4 },
      item(13),
      { ...requester, at: 14, kind: 'credit', exchange: 1, total: 4 },
      item(20),
    ]
    const stallsAfter = (...more: readonly ExchangeEvent[]) => logOf([...events, ...more]).rows[0]?.stalls
    expect(stallsAfter()).toMatchObject({ count: 1, milliseconds: 10 })
    const settled = { ...requester, at: 50, kind: 'settled', exchange: 1 } as const
    expect(stallsAfter({ ...settled, outcome: 'cancelled' })).toMatchObject({ count: 2, milliseconds: 40 })
    // The end of a stream needs no credit.
    expect(stallsAfter(item(21), { ...settled, outcome: 'responded' })).toMatchObject({ count: 1 })
    expect(stallsAfter({ ...settled, outcome: 'responded' })).toMatchObject({ count: 1 })
  })

  it('collects unmatched responses, incidents, connections and what was dropped', () => {
    const log = logOf([
      { ...link, at: 1, kind: 'unmatched', message },
      { ...link, at: 2, kind: 'incident', incident: 'refused' },
      { ...link, at: 3, kind: 'online', sessionPresent: true, protocolVersion: 5 },
      { ...link, at: 4, kind: 'dropped', count: 9 },
    ])
    expect(log.faults.map(({ kind }) => kind)).toEqual(['unmatched', 'incident'])
    expect(log.connections).toHaveLength(1)
    expect(log).toMatchObject({ dropped: 9, events: 4 })
  })

  it('keeps a limited number of exchanges, events and endpoints', () => {
    const bounds = { exchanges: 10, events: 3, endpoints: 2 }
    const events = Array.from({ length: 50 }, (_, index) => [
      {
        ...requester,
        endpoint: `e${index}`,
        at: index,
        kind: 'sent',
        exchange: index,
        attempt: 1,
        correlation: `c${index}`,
        message,
      },
      { ...requester, endpoint: `e${index}`, at: index, kind: 'settled', exchange: index, outcome: 'failed' },
      { ...link, at: index, kind: 'unmatched', message },
    ]).flat() as readonly ExchangeEvent[]
    const log = logOf(events, bounds)
    expect(log.rows.length).toBeLessThanOrEqual(11)
    expect(log.forgotten + log.rows.length).toBe(50)
    expect(log.faults).toHaveLength(3)
    expect([...log.series.values()].map(({ name, errors }) => [name, errors])).toEqual([
      ['e0', 1],
      ['e1', 1],
    ])
    const long = Array.from(
      { length: 400 },
      (_, at) => ({ ...requester, at, kind: 'received', exchange: 1, message }) as const,
    )
    expect(logOf(long).rows[0]).toMatchObject({ omitted: 100, items: 400 })
  })
})

describe('EndpointSeries', () => {
  it('has counts and durations per second, for two minutes', () => {
    const series = new EndpointSeries('e')
    for (let second = 0; second < 200; second++) series.add(second * 1_000, second, second % 2 === 0)
    expect(series).toMatchObject({ count: 200, errors: 100 })
    expect(series.points()).toHaveLength(120)
    expect(series.points()[0]).toMatchObject({ second: 80, count: 1, errors: 1 })
    expect(series.points()[0]?.durations.percentile(1)).toBeCloseTo(80, -1)
    expect(series.percentile(0.5) / 139).toBeCloseTo(1, 1)
  })
})

describe('DurationCounts', () => {
  it.each([0.2, 1, 17, 139, 5_000, 600_000])(
    'has percentiles that are exact to 5 %% at %d ms',
    (duration) => {
      const counts = new DurationCounts()
      for (let index = 1; index <= 2_000; index++) counts.add((duration * index) / 1_000)
      expect(Math.abs(counts.percentile(0.5) / duration - 1)).toBeLessThan(0.05)
    },
  )

  it('needs no more space for more durations', () => {
    const [few, many] = [new DurationCounts(), new DurationCounts()]
    for (let index = 0; index < 1_000; index++) few.add(index)
    for (let index = 0; index < 1_000_000; index++) many.add(index % 1_000)
    expect(many.percentile(0.9)).toBe(few.percentile(0.9))
    expect(many.bins).toBe(few.bins)
  })

  it('has 0 as percentile of nothing, and of durations that a virtual clock measures as 0', () => {
    const counts = new DurationCounts()
    expect(counts.percentile(0.5)).toBe(0)
    counts.add(0)
    expect(counts.percentile(0)).toBe(0)
  })

  it('adds and removes what others have counted', () => {
    const [sum, part] = [new DurationCounts(), new DurationCounts()]
    part.add(10)
    sum.add(1_000)
    sum.merge(part)
    expect(sum.percentile(0.5) / 10).toBeCloseTo(1, 1)
    sum.merge(part, -1)
    expect(sum.percentile(0.5) / 1_000).toBeCloseTo(1, 1)
    expect(sum.bins).toBe(1)
  })
})

describe('toSequence', () => {
  it('draws packets between the lanes, notes, and changes of the connections', () => {
    const log = logOf([
      ...eventsOf(1, 'c'),
      { ...link, at: 1_050, kind: 'offline', error: { message: 'gone' }, retryIn: 1 },
      { ...link, link: 'other', at: 1_050, kind: 'offline', error: { message: 'gone' }, retryIn: 1 },
      { ...link, at: 1_060, kind: 'online', sessionPresent: true, protocolVersion: 5 },
    ])
    const [row] = log.rows
    if (row === undefined) throw new Error('there is no row')
    const steps = toSequence(row.events, log.connectionsDuring(row), (id) =>
      id === 'a' ? 'requester' : 'responder',
    )
    expect(steps.map(({ from, to, text }) => `${from} ${to} ${text}`)).toEqual([
      'requester requester requested',
      'requester requester subscribed',
      'requester broker PUBLISH request',
      'broker responder PUBLISH request',
      'responder responder started',
      'broker requester PUBACK 0x10',
      'requester requester offline: gone',
      'requester requester online',
      'requester broker PUBLISH request, attempt 2',
      'broker responder PUBLISH duplicate request',
      'responder broker PUBLISH response',
      'broker responder PUBACK',
      'responder responder settled: responded 200',
      'broker requester PUBLISH response',
      'requester requester settled: responded',
    ])
  })

  it('draws in one millisecond the end of a connection after its messages, and a new connection before them', () => {
    const events: readonly ExchangeEvent[] = [
      { ...requester, at: 1, kind: 'subscribed', exchange: 1, filter: 'a' },
      { ...requester, at: 2, kind: 'received', exchange: 1, message },
    ]
    const connections: readonly ExchangeEvent[] = [
      { ...link, at: 1, kind: 'offline', error: { message: 'gone' }, retryIn: 0 },
      { ...link, at: 2, kind: 'connecting', attempt: 1 },
      { ...link, at: 2, kind: 'online', sessionPresent: true, protocolVersion: 5 },
    ]
    expect(toSequence(events, connections, () => 'requester').map(({ text }) => text)).toEqual([
      'subscribed',
      'offline: gone',
      'connecting',
      'online',
      'PUBLISH response',
    ])
  })

  it('draws acceptances, credit, cancels and ignored requests', () => {
    const events: readonly ExchangeEvent[] = [
      { ...requester, at: 1, kind: 'accepted', exchange: 1, message },
      { ...requester, at: 2, kind: 'credit', exchange: 1, total: 3 },
      { ...responder, at: 3, kind: 'credit', exchange: 1, total: 3 },
      { ...requester, at: 4, kind: 'cancelled', exchange: 1 },
      { ...responder, at: 5, kind: 'cancelled', exchange: 1 },
      { ...responder, at: 6, kind: 'ignored', reason: 'invalid', detail: '', message },
    ]
    expect(toSequence(events, [], () => 'requester').map(({ from, text }) => `${from} ${text}`)).toEqual([
      'broker PUBLISH acceptance',
      'requester credit 3',
      'broker credit 3',
      'requester cancel',
      'broker cancel',
      'broker PUBLISH, ignored: invalid',
    ])
  })
})

describe('toTimeLines', () => {
  const diagram = (rows: readonly ExchangeRow[]): readonly string[] =>
    toTimeLines(rows).lines.map(({ endpoint, requests, responses }) =>
      [endpoint, ...[...requests, ...responses].map(({ at, name, kind }) => `${at} ${name} ${kind}`)].join(
        ', ',
      ),
    )

  it('draws requests, retries and responses of each endpoint', () => {
    const { rows } = logOf([
      ...eventsOf(1, 'c'),
      { ...requester, endpoint: 'f', at: 1_300, kind: 'requested', exchange: 2, topic: 'u', timeout: 1 },
      { ...requester, endpoint: 'f', at: 1_301, kind: 'settled', exchange: 2, outcome: 'timed-out' },
      { ...requester, endpoint: 'f', at: 1_302, kind: 'requested', exchange: 3, topic: 'u', timeout: 1 },
      { ...requester, endpoint: 'f', at: 1_400, kind: 'settled', exchange: 3, outcome: 'cancelled' },
    ])
    expect(diagram(rows)).toEqual([
      'e, 1000 a request, 1100 a retry, 1202 a response',
      'f, 1300 a request, 1302 b request, 1301 # failure, 1400 ! cancel',
    ])
    expect(toTimeLines(rows)).toMatchObject({ from: 1_000, to: 1_400, isCut: false })
  })

  it('draws what an observer or a responder alone has seen', () => {
    const sent = {
      ...requester,
      at: 1,
      kind: 'sent',
      exchange: 1,
      attempt: 1,
      correlation: 'c',
      message,
    } as const
    expect(diagram(logOf([sent]).rows)).toEqual(['e, 1 a request'])
    const served = eventsOf(1, 'c').filter(({ side }) => side === 'responder')
    expect(diagram(logOf(served).rows)).toEqual(['e, 1003 a request, 1200 a response'])
  })

  it('draws a limited number of marbles and endpoints, the latest', () => {
    const rows = Array.from({ length: 500 }, (_, index) => eventsOf(index, `c${index}`)).flat()
    const cut = toTimeLines(logOf(rows).rows)
    expect(cut.isCut).toBe(true)
    expect(cut.lines[0]?.requests.length).toBeLessThanOrEqual(200)
    const many = Array.from({ length: 50 }, (_, index) =>
      eventsOf(index, `c${index}`).map((event) => ({ ...event, endpoint: `e${index}` })),
    ).flat() as readonly ExchangeEvent[]
    expect(toTimeLines(logOf(many).rows).lines.map(({ endpoint }) => endpoint)).toEqual(
      Array.from({ length: 12 }, (_, index) => `e${index + 38}`),
    )
    const stream = Array.from(
      { length: 400 },
      (_, at) => ({ ...requester, at, kind: 'received', exchange: 1, message }) as const,
    )
    expect(toTimeLines(logOf(stream).rows).lines[0]?.responses).toHaveLength(200)
  })

  it('has no lines without exchanges', () => {
    expect(toTimeLines([])).toMatchObject({ lines: [], isCut: false })
  })
})

describe('the exports', () => {
  it('write lines that are read again, and an archive', () => {
    const { rows } = logOf([
      ...eventsOf(1, 'c'),
      { ...requester, at: 2_000, kind: 'requested', exchange: 2, topic: 'u', timeout: 1 },
    ])
    const lines = toNdjson(rows).trim().split('\n')
    expect(lines.map(readEvent)).toEqual(rows.flatMap(({ events }) => events).sort((a, b) => a.at - b.at))
    const { log } = JSON.parse(toHar(rows)) as { readonly log: { readonly entries: readonly unknown[] } }
    expect(log.entries).toMatchObject([
      {
        startedDateTime: '1970-01-01T00:00:01.000Z',
        time: 202,
        attempts: 2,
        response: { outcome: 'responded' },
      },
      { time: -1, request: { topic: 'u' }, response: { outcome: 'pending' } },
    ])
  })

  it('find the span of an exchange, and its address in a tracing tool', () => {
    const id = '0af7651916cd43dd8448eb211c80319c'
    const span = { traceId: id, spanId: 'b7ad6b7169203331' }
    expect(spanUrl('http://t/{traceId}?span={spanId}', span)).toBe(`http://t/${id}?span=b7ad6b7169203331`)
    const traced = { ...message, userProperties: [['traceparent', `00-${id}-b7ad6b7169203331-01`]] as const }
    const sent = { ...requester, at: 1, kind: 'sent', exchange: 1, attempt: 1, correlation: 'c' } as const
    expect(logOf([{ ...sent, message: traced }]).rows.map(spanOf)).toEqual([span])
    expect(logOf([{ ...sent, message }]).rows.map(spanOf)).toEqual([undefined])
  })
})

describe('readEvent', () => {
  const head = { side: 'requester', at: 1, client: 'c', link: 'l', endpoint: 'e', exchange: 1 }
  it.each([
    'no json',
    'null',
    '7',
    JSON.stringify({ ...head }),
    JSON.stringify({ ...head, kind: 'settled', side: 'moon', outcome: 'responded' }),
    JSON.stringify({ ...head, kind: 'settled' }),
    JSON.stringify({ ...head, kind: 'settled', outcome: 'failed', error: 'text' }),
    JSON.stringify({ ...head, kind: 'settled', outcome: 'failed', exchange: '1' }),
    JSON.stringify({ ...head, kind: 'cancelled', endpoint: 7 }),
    JSON.stringify({ ...head, kind: 'cancelled', at: '1' }),
    JSON.stringify({ ...head, kind: 'acknowledged' }),
    JSON.stringify({ ...head, kind: 'credit' }),
    JSON.stringify({ ...head, kind: 'dropped' }),
    JSON.stringify({ ...head, kind: 'requested' }),
    JSON.stringify({ ...head, kind: 'offline' }),
    JSON.stringify({ ...head, kind: 'sent', message }),
    JSON.stringify({ ...head, kind: 'received' }),
    JSON.stringify({ ...head, kind: 'received', message: 7 }),
    JSON.stringify({ ...head, kind: 'received', message: { topic: 1, bytes: 1 } }),
    JSON.stringify({ ...head, kind: 'received', message: { ...message, payload: 1 } }),
    JSON.stringify({ ...head, kind: 'received', message: { ...message, contentType: 1 } }),
    JSON.stringify({ ...head, kind: 'received', message: { ...message, userProperties: [['a']] } }),
    JSON.stringify({ ...head, kind: 'received', message: { ...message, userProperties: 1 } }),
  ])('rejects %s', (line) => {
    expect(readEvent(line)).toBeUndefined()
  })
})

describe('hasWholePayload', () => {
  it.each([
    [{ ...message }, false],
    [{ ...message, bytes: 3, payload: '€' }, true],
    [{ ...message, bytes: 4, payload: '€' }, false],
    [{ ...message, bytes: 2, payload: '/wA=', payloadEncoding: 'base64' as const }, true],
    [{ ...message, bytes: 3, payload: '/wA=', payloadEncoding: 'base64' as const }, false],
  ])('compares the payload of %j with its size', (observed, expected) => {
    expect(hasWholePayload(observed)).toBe(expected)
  })
})
