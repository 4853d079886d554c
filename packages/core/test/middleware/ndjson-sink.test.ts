import { ndjsonSink, type ExchangeEvent } from '@antiphon/core/events'
import { describe, expect, it } from 'vitest'

/** A stream that is full after each write until `drain` is called. */
function slowStream(isFull: boolean): {
  readonly written: string[]
  readonly write: (text: string) => boolean
  readonly once: (event: 'drain', listener: () => void) => void
  readonly drain: () => void
} {
  const written: string[] = []
  let onDrain: () => void = () => undefined
  return {
    written,
    write: (text) => {
      written.push(text)
      return !isFull
    },
    once: (_, listener) => (onDrain = listener),
    drain: () => onDrain(),
  }
}

const event = (total: number): ExchangeEvent => ({
  kind: 'credit',
  side: 'requester',
  endpoint: 'e',
  exchange: 1,
  at: 5,
  client: 'c',
  link: 'l',
  total,
})
const lineOf = (value: object): string => `${JSON.stringify(value)}\n`

describe('ndjsonSink', () => {
  it('writes the events that happen at once together', async () => {
    const stream = slowStream(false)
    const sink = ndjsonSink(stream)
    sink(event(1))
    sink(event(2))
    await Promise.resolve()
    sink(event(3))
    await Promise.resolve()
    expect(stream.written).toEqual([lineOf(event(1)) + lineOf(event(2)), lineOf(event(3))])
  })

  it('drops events beyond its limit while the stream is full, and writes how many', async () => {
    const stream = slowStream(true)
    const sink = ndjsonSink(stream, { maximumWaiting: lineOf(event(1)).length })
    sink(event(1))
    await Promise.resolve()
    sink(event(2))
    sink(event(3))
    sink(event(4))
    expect(stream.written).toEqual([lineOf(event(1))])
    stream.drain()
    sink(event(5))
    stream.drain()
    expect(stream.written.join('')).toBe(
      lineOf(event(1)) +
        lineOf(event(2)) +
        lineOf({ kind: 'dropped', side: 'link', at: 5, client: 'c', link: 'l', count: 2 }) +
        lineOf(event(5)),
    )
    stream.drain()
    expect(stream.written).toHaveLength(3)
  })
})
