import type { ExchangeEvent } from '@antiphon/core/events'
import type { WebSocket } from 'ws'

/** How many events a page gets when it connects. */
const MAX_HISTORY = 20_000

/** How many bytes may wait for a page that does not read. */
const MAX_WAITING = 8 * 2 ** 20

/** Milliseconds between two messages to a page. */
const PERIOD = 50

/**
 * The limits of one message to a page, which handles each in a task of its own: it must not take so long that the page does not react.
 */
const MAX_EVENTS = 500
const MAX_CHARACTERS = 2 ** 18

/** A page that is connected, and how many events it has missed. */
interface Reader {
  readonly socket: WebSocket
  dropped: number
}

/** Sends events to pages in batches. Its memory is bounded: a page that cannot keep up misses events, and receives their number. */
export class EventFeed {
  readonly #readers = new Set<Reader>()
  #history: string[] = []
  #batch: string[] = []
  #timer: NodeJS.Timeout | undefined

  add(event: ExchangeEvent): void {
    const text = JSON.stringify(event)
    this.#history.push(text)
    // In blocks, since removing from the front takes as long as the list is.
    if (this.#history.length > 1.1 * MAX_HISTORY) this.#history = this.#history.slice(-MAX_HISTORY)
    if (this.#readers.size === 0) return
    this.#batch.push(text)
    this.#timer ??= setTimeout(() => this.#flush(), PERIOD)
  }

  connect(socket: WebSocket): void {
    this.#flush()
    const reader = { socket, dropped: 0 }
    this.#readers.add(reader)
    socket.on('close', () => this.#readers.delete(reader))
    send(socket, this.#history)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const { socket } of this.#readers) socket.close()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batch
    this.#batch = []
    if (batch.length === 0) return
    for (const reader of this.#readers) {
      if (reader.socket.bufferedAmount > MAX_WAITING) {
        reader.dropped += batch.length
        continue
      }
      if (reader.dropped === 0) send(reader.socket, batch)
      else {
        const { dropped: count } = reader
        const event = { kind: 'dropped', side: 'link', at: Date.now(), client: '', link: '', count }
        send(reader.socket, [JSON.stringify(event), ...batch])
        reader.dropped = 0
      }
    }
  }
}

function send(socket: WebSocket, events: readonly string[]): void {
  let characters = 0
  let start = 0
  for (const [index, { length }] of events.entries()) {
    const isFull = index - start === MAX_EVENTS || characters + length > MAX_CHARACTERS
    if (isFull && index > start) {
      socket.send(`[${events.slice(start, index).join(',')}]`)
      start = index
      characters = 0
    }
    characters += length
  }
  if (start < events.length) socket.send(`[${events.slice(start).join(',')}]`)
}
