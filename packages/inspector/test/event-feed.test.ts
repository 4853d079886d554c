import type { ExchangeEvent } from '@antiphon/core/events'
import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { EventFeed } from '../src/server/event-feed.js'

const eventAt = (at: number): ExchangeEvent => ({ kind: 'closed', side: 'link', at, client: 'c', link: 'l' })

/** A page whose socket holds a number of bytes. */
class Page extends EventEmitter {
  bufferedAmount = 0
  isClosed = false
  readonly batches: (readonly ExchangeEvent[])[] = []

  send(text: string): void {
    this.batches.push(JSON.parse(text) as readonly ExchangeEvent[])
  }

  close(): void {
    this.isClosed = true
  }
}

describe('EventFeed', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('drops the events of a page that does not read, and says how many', () => {
    const feed = new EventFeed()
    const page = new Page()
    feed.connect(page as unknown as WebSocket)
    page.bufferedAmount = 10 * 2 ** 20
    feed.add(eventAt(1))
    feed.add(eventAt(2))
    vi.advanceTimersByTime(50)
    expect(page.batches).toEqual([])
    page.bufferedAmount = 0
    feed.add(eventAt(3))
    vi.advanceTimersByTime(50)
    expect(page.batches).toMatchObject([[{ kind: 'dropped', count: 2 }, eventAt(3)]])
    feed.close()
    expect(page.isClosed).toBe(true)
  })

  it('sends the latest 20 000 events to a page that connects, and none after it has gone', () => {
    const feed = new EventFeed()
    for (let at = 0; at < 45_000; at++) feed.add(eventAt(at))
    const page = new Page()
    feed.connect(page as unknown as WebSocket)
    const history = page.batches.flat()
    expect(history.length).toBeLessThanOrEqual(22_000)
    expect(history.length).toBeGreaterThanOrEqual(20_000)
    expect(history.at(-1)).toEqual(eventAt(44_999))
    const batches = page.batches.length
    page.emit('close')
    feed.add(eventAt(1))
    vi.advanceTimersByTime(50)
    expect(page.batches).toHaveLength(batches)
  })

  it('sends at most 500 events, or 256 Ki characters, in a message', () => {
    const feed = new EventFeed()
    for (let at = 0; at < 1_200; at++) feed.add(eventAt(at))
    const small = new Page()
    feed.connect(small as unknown as WebSocket)
    expect(small.batches.map(({ length }) => length)).toEqual([500, 500, 200])
    const client = 'c'.repeat(100_000)
    for (let at = 0; at < 3; at++) feed.add({ ...eventAt(at), client })
    feed.add({ ...eventAt(3), client: 'c'.repeat(1_000_000) })
    vi.advanceTimersByTime(50)
    expect(small.batches.slice(3).map(({ length }) => length)).toEqual([2, 1, 1])
    feed.close()
  })
})
