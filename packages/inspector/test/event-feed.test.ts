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
    const [history] = page.batches
    expect(history?.length).toBeLessThanOrEqual(22_000)
    expect(history?.at(-1)).toEqual(eventAt(44_999))
    page.emit('close')
    feed.add(eventAt(1))
    vi.advanceTimersByTime(50)
    expect(page.batches).toHaveLength(1)
  })
})
