import { endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { observed, type ExchangeEvent } from '@antiphon/core/events'
import { otelMetrics } from '@antiphon/core/otel'
import type { Attributes, Meter } from '@opentelemetry/api'
import { delay, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { inWorld } from '../world.js'

/** A meter whose instruments record their calls by name. */
function recordingMeter(): {
  readonly meter: Meter
  readonly of: (name: string) => readonly (readonly [number, Attributes])[]
} {
  const calls = new Map<string, (readonly [number, Attributes])[]>()
  const instrument = (name: string): object => {
    const own: (readonly [number, Attributes])[] = []
    calls.set(name, own)
    const record = (value: number, attributes: Attributes): void => void own.push([value, attributes])
    return { record, add: record }
  }
  const meter = {
    createHistogram: instrument,
    createCounter: instrument,
    createUpDownCounter: instrument,
  } as unknown as Meter
  return { meter, of: (name) => calls.get(name) ?? [] }
}

const echo = endpoint({ name: 'echo', topic: 'echo', request: text, response: text, cancel: 'local' })

const request = {
  'messaging.system': 'mqtt',
  'messaging.operation.name': 'request',
  'messaging.operation.type': 'send',
  'messaging.destination.template': 'echo',
}
const process = { ...request, 'messaging.operation.name': 'serve', 'messaging.operation.type': 'process' }

describe('otelMetrics', () => {
  it('records durations, messages and pending exchanges on both sides', () => {
    inWorld(({ link, advance, scheduler }) => {
      const server = recordingMeter()
      const requester = recordingMeter()
      requests$(observed(otelMetrics({ meter: server.meter }))(link('server')), echo)
        .pipe(
          serve(({ value }) =>
            value === 'bad' ? throwError(() => new Error('no')) : of(value).pipe(delay(250, scheduler)),
          ),
        )
        .subscribe()
      advance(20)
      const client = observed(otelMetrics({ meter: requester.meter }))(link('requester'))
      const options = { retry: { count: 1, attemptTimeout: 100 }, timeout: 2_000 }
      exchange$(client, echo, 'x', options).subscribe()
      advance(1_000)
      exchange$(client, echo, 'bad').subscribe({ error: () => undefined })
      advance(1_000)
      const [first, second] = requester.of('messaging.client.operation.duration')
      expect(first?.[0]).toBeGreaterThan(0.25)
      expect(first?.[1]).toEqual(request)
      expect(second?.[1]).toEqual({ ...request, 'error.type': '500' })
      expect(requester.of('messaging.client.sent.messages')).toHaveLength(3)
      expect(requester.of('antiphon.exchange.retries')).toEqual([[1, request]])
      expect(requester.of('antiphon.exchange.pending').map(([value]) => value)).toEqual([1, -1, 1, -1])
      expect(requester.of('messaging.client.consumed.messages')).toHaveLength(2)
      expect(server.of('messaging.process.duration').map(([, attributes]) => attributes)).toEqual([
        process,
        { ...process, 'error.type': '500' },
      ])
      expect(server.of('messaging.client.consumed.messages')).toHaveLength(2)
      expect(server.of('messaging.client.sent.messages')).toHaveLength(2)
      expect(server.of('antiphon.request.ignored')).toEqual([
        [1, { ...process, 'antiphon.reason': 'duplicate' }],
      ])
    })
  })

  it('counts unmatched responses, ignored requests and changes of the connection', () => {
    inWorld(({ broker, link, advance }) => {
      const { meter, of: callsOf } = recordingMeter()
      const client = observed(otelMetrics({ meter }))(link('client', { reconnect: { initial: 10 } }))
      requests$(client, echo)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      exchange$(client, echo, 'x').subscribe()
      advance(100)
      broker.publish({ topic: 'response/client', payload: bytesOf('y'), correlationData: bytesOf('z') })
      broker.publish({ topic: 'echo', payload: bytesOf('y') })
      advance(10)
      broker.disconnect('client')
      advance(100)
      void client.close()
      advance(100)
      expect(callsOf('antiphon.response.unmatched')).toHaveLength(1)
      expect(callsOf('antiphon.request.ignored')[0]?.[1]).toMatchObject({
        'antiphon.reason': 'response-topic',
      })
      expect(callsOf('antiphon.connection.changes').map(([, { 'antiphon.state': state }]) => state)).toEqual([
        'online',
        'offline',
        'online',
        'closed',
      ])
    })
  })

  it('ignores the end of an exchange that began before it, and names an error by its code or outcome', () => {
    const { meter, of: callsOf } = recordingMeter()
    const sink = otelMetrics({ meter })
    const head = { side: 'requester', endpoint: 'echo', at: 5, client: 'c', link: 'l' } as const
    const events: readonly ExchangeEvent[] = [
      { ...head, kind: 'settled', exchange: 1, outcome: 'responded' },
      { ...head, kind: 'requested', exchange: 2, topic: 'echo', timeout: 1 },
      { ...head, kind: 'settled', exchange: 2, outcome: 'failed', error: { code: 'decode', message: '' } },
      { ...head, kind: 'requested', exchange: 3, topic: 'echo', timeout: 1 },
      { ...head, kind: 'settled', exchange: 3, outcome: 'cancelled' },
      { ...head, side: 'responder', kind: 'settled', exchange: 4, outcome: 'expired', duration: 2 },
      { ...head, side: 'responder', kind: 'settled', exchange: 5, outcome: 'abandoned' },
    ]
    events.forEach(sink)
    const errorsOf = (name: string): unknown[] =>
      callsOf(name).map(([, attributes]) => attributes['error.type'])
    expect(errorsOf('messaging.client.operation.duration')).toEqual(['decode', 'cancelled'])
    expect(errorsOf('messaging.process.duration')).toEqual(['expired'])
  })

  it('uses the global provider of the API by default', () => {
    expect(() => otelMetrics()).not.toThrow()
    expect(() => otelMetrics({ meters: 1 } as never)).toThrow('did you mean meter?')
  })
})
