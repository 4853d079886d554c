import { linkOver } from '@antiphon/core/link'
import { AntiphonError, endpoint, exchange$, requests$, serve, text, type ServeRecord } from '@antiphon/core'
import { virtualBroker, type VirtualBroker } from '@antiphon/testing'
import { asyncScheduler, delay, of } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bytes, outgoing, textOf } from './messages.js'
import { connectionInfo } from './connection-info.js'
import { manualTransport, type ManualTransport } from './manual-transport.js'

const hour = 3_600_000
const echo = endpoint({ topic: 'echo', request: text, response: text })

describe.each([
  ['forward', hour],
  ['back', -hour],
])('a link whose system clock is set %s by an hour', (_, step) => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const setClock = (): void => void vi.setSystemTime(Date.now() + step)
  const goOnline = (transport: ManualTransport, sessionPresent = false): void =>
    transport.connections
      .at(-1)
      ?.subscriber.next({ type: 'online', info: connectionInfo({ sessionPresent }) })

  it('sends the expiry that is left', () => {
    const transport = manualTransport()
    const link = linkOver(transport)
    link.publish$(outgoing('a', '1', { messageExpiryInterval: 10 })).subscribe()
    vi.advanceTimersByTime(1_000)
    setClock()
    vi.advanceTimersByTime(3_000)
    goOnline(transport)
    expect(transport.published.map(({ message }) => message.messageExpiryInterval)).toEqual([6])
  })

  it('expires a queued message in its time', () => {
    const link = linkOver(manualTransport())
    const errors: string[] = []
    link.publish$(outgoing('a', '1', { messageExpiryInterval: 10 })).subscribe({
      error: (error: unknown) => errors.push(AntiphonError.from(error).code),
    })
    setClock()
    vi.advanceTimersByTime(9_999)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toEqual(['expired'])
  })

  it('reconnects at maxConnectionAge', () => {
    const transport = manualTransport()
    linkOver(transport, { maxConnectionAge: 60_000, reconnect: { random: () => 0 } }).state$.subscribe()
    goOnline(transport)
    setClock()
    vi.advanceTimersByTime(59_999)
    expect(transport.disconnects).toHaveLength(0)
    vi.advanceTimersByTime(1)
    expect(transport.disconnects).toHaveLength(1)
  })

  it('keeps unrouted messages for unrouted.ttl', () => {
    const transport = manualTransport()
    linkOver(transport, { unrouted: { ttl: 10_000 } }).state$.subscribe()
    goOnline(transport, true)
    const acknowledge = vi.fn()
    const message = { topic: 'a', payload: bytes('1'), qos: 1, retain: false, dup: false } as const
    transport.connections[0]?.subscriber.next({ type: 'message', message, acknowledge })
    setClock()
    vi.advanceTimersByTime(9_999)
    expect(acknowledge).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(acknowledge).toHaveBeenCalledOnce()
  })

  it('times a request out in its time', () => {
    const transport = manualTransport({
      subscribe: ({ subscriber }) => {
        subscriber.next([1])
        subscriber.complete()
      },
    })
    const errors: string[] = []
    exchange$(linkOver(transport), echo, 'x', { timeout: 5_000 }).subscribe({
      error: (error: unknown) => errors.push(AntiphonError.from(error).code),
    })
    goOnline(transport)
    setClock()
    vi.advanceTimersByTime(4_999)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toEqual(['timeout'])
  })

  describe('as a responder', () => {
    let broker: VirtualBroker
    let handled: string[]
    let records: ServeRecord[]
    let responses: (readonly [text: string, expiry: number | undefined])[]

    beforeEach(() => {
      // The clock of the broker is not set.
      const schedule = asyncScheduler.schedule.bind(asyncScheduler)
      broker = virtualBroker({ scheduler: { now: () => performance.now(), schedule } })
      handled = []
      records = []
      responses = []
      broker.published$.subscribe(({ message }) => {
        if (message.topic === 'responses') responses.push([textOf(message), message.messageExpiryInterval])
      })
      requests$(linkOver(broker.transport()), echo)
        .pipe(
          serve(({ value }) => {
            handled.push(value)
            return of(value).pipe(delay(3_000, asyncScheduler))
          }),
        )
        .subscribe((record) => records.push(record))
      vi.advanceTimersByTime(100)
    })
    const request = (correlation: string, expiry?: number): void => {
      const properties = {
        responseTopic: 'responses',
        correlationData: bytes(correlation),
        ...(expiry === undefined ? {} : { messageExpiryInterval: expiry }),
      }
      broker.publish(outgoing('echo', correlation, properties))
    }

    it('records the start and the end of a request by the time that has elapsed since its receipt', () => {
      request('a')
      vi.advanceTimersByTime(1_000)
      setClock()
      vi.advanceTimersByTime(3_000)
      const [{ receivedAt = NaN, startedAt = NaN, endedAt = NaN } = {}] = records
      // The response and its acknowledgement take a millisecond each.
      expect([startedAt - receivedAt, endedAt - receivedAt].map(Math.round)).toEqual([0, 3_002])
    })

    it('sends a response with the expiry that is left', () => {
      request('a', 10)
      vi.advanceTimersByTime(1_000)
      setClock()
      vi.advanceTimersByTime(2_500)
      expect(responses).toEqual([['a', 7]])
    })

    it('remembers a request for the ttl of the response cache', () => {
      request('a')
      vi.advanceTimersByTime(10_000)
      setClock()
      vi.advanceTimersByTime(45_000)
      request('a')
      vi.advanceTimersByTime(4_000)
      expect([handled, responses.length]).toEqual([['a'], 2])
      vi.advanceTimersByTime(2_000)
      request('a')
      vi.advanceTimersByTime(4_000)
      expect([handled, responses.length]).toEqual([['a', 'a'], 3])
    })
  })
})
