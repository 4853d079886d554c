import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WriteBuffer } from '../../src/connection/write-buffer.js'
import { Turn } from '../../src/turn.js'
import { UnreadBytes } from '../../src/unread-bytes.js'
import { newCounters } from '../../src/counters.js'
import { FakeChannel } from '../world.js'

const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

function makeBuffer(limit = 1_000): {
  channel: FakeChannel
  outbox: WriteBuffer
  turn: () => void
  counters: ReturnType<typeof newCounters>
} {
  const tasks: (() => void)[] = []
  const channel = new FakeChannel()
  const counters = newCounters()
  const turn = new Turn((task) => tasks.push(task))
  const buffer = new WriteBuffer(channel, { turn, limit, counters, unread: new UnreadBytes(1_000_000) })
  return { channel, outbox: buffer, counters, turn: () => tasks.splice(0).forEach((task) => task()) }
}

describe('WriteBuffer', () => {
  it('writes chunks of any size in order', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 300, max: 70_000 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(size, fc.boolean()), { maxLength: 30 }), (parts) => {
        const { channel, outbox: buffer, turn: endTurn, counters } = makeBuffer()
        const expected: Buffer[] = []
        for (const [index, [length, endsTurn]] of parts.entries()) {
          const bytes = Buffer.alloc(length, index + 1)
          expected.push(bytes)
          if (length > 0 && length < 60_000 && index % 2 === 0) {
            const at = buffer.reserve(length)
            buffer.room.set(bytes, at)
          } else {
            buffer.append(bytes)
          }
          if (endsTurn) endTurn()
        }
        endTurn()
        const written = Buffer.concat(channel.written)
        expect(written.equals(Buffer.concat(expected))).toBe(true)
        expect(counters.bytesOut).toBe(written.length)
      }),
      { numRuns: Math.min(runs, 500) },
    )
  })

  it('writes at the end of the turn, and earlier when it holds many bytes', () => {
    const { channel, outbox: buffer, turn: endTurn } = makeBuffer()
    buffer.append(Buffer.alloc(10))
    buffer.append(Buffer.alloc(10))
    expect(channel.written).toEqual([])
    endTurn()
    expect(channel.written).toHaveLength(1)
    for (let index = 0; index < 100; index++) buffer.append(Buffer.alloc(2_000))
    expect(Buffer.concat(channel.written).length).toBeGreaterThan(100_000)
  })

  it('is full while the channel has more unread bytes than the limit, until it drains', () => {
    const { channel, outbox: buffer, turn: endTurn } = makeBuffer(100)
    channel.isBlocked = true
    buffer.append(Buffer.alloc(100))
    endTurn()
    expect(buffer.isFull).toBe(false)
    buffer.append(Buffer.alloc(1))
    endTurn()
    expect(buffer.isFull).toBe(true)
    buffer.drained()
    expect(buffer.isFull).toBe(false)
  })

  it('does not reuse memory while the channel may still read it', () => {
    const { channel, outbox: buffer, turn: endTurn } = makeBuffer()
    const written: Uint8Array[] = []
    channel.isBlocked = true
    channel.write = (pieces) => {
      written.push(...pieces)
      channel.pending += 1
    }
    for (let index = 0; index < 50; index++) {
      buffer.append(Buffer.alloc(20, index))
      endTurn()
    }
    expect(written.map((piece) => piece[0])).toEqual(written.map((_, index) => index))
  })

  it('does not keep chunks that are almost empty in memory for a slow reader', () => {
    const { channel, outbox: buffer, turn: endTurn } = makeBuffer(1_000_000)
    const written: Uint8Array[] = []
    channel.isBlocked = true
    channel.write = (pieces) => {
      written.push(...pieces)
      for (const piece of pieces) channel.pending += piece.length
    }
    for (let index = 0; index < 100; index++) {
      buffer.append(Buffer.alloc(100))
      endTurn()
    }
    const memory = new Set(written.map(({ buffer: backing }) => backing))
    const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(bytes).toBeLessThan(40_000)
  })
})
