import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WriteBuffer } from '../../src/connection/write-buffer.js'
import { Turn } from '../../src/connection/turn.js'
import { newCounters } from '../../src/stats.js'
import { FakeChannel } from '../world.js'

const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

function make(limit = 1_000): {
  channel: FakeChannel
  outbox: WriteBuffer
  turn: () => void
  counters: ReturnType<typeof newCounters>
} {
  const work: (() => void)[] = []
  const channel = new FakeChannel()
  const counters = newCounters()
  const outbox = new WriteBuffer(channel, new Turn((task) => work.push(task)), limit, counters)
  return { channel, outbox, counters, turn: () => work.splice(0).forEach((task) => task()) }
}

describe('the outbox', () => {
  it('writes everything in order, whatever the sizes', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 300, max: 70_000 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(size, fc.boolean()), { maxLength: 30 }), (parts) => {
        const { channel, outbox, turn, counters } = make()
        const expected: Buffer[] = []
        for (const [index, [length, endsTurn]] of parts.entries()) {
          const bytes = Buffer.alloc(length, index + 1)
          expected.push(bytes)
          if (length > 0 && length < 60_000 && index % 2 === 0) {
            const at = outbox.reserve(length)
            outbox.room.set(bytes, at)
          } else {
            outbox.append(bytes)
          }
          if (endsTurn) turn()
        }
        turn()
        const written = Buffer.concat(channel.written)
        expect(written.equals(Buffer.concat(expected))).toBe(true)
        expect(counters.bytesOut).toBe(written.length)
      }),
      { numRuns: Math.min(runs, 500) },
    )
  })

  it('writes at the end of the turn, and earlier when there is much', () => {
    const { channel, outbox, turn } = make()
    outbox.append(Buffer.alloc(10))
    outbox.append(Buffer.alloc(10))
    expect(channel.written).toEqual([])
    turn()
    expect(channel.written).toHaveLength(1)
    for (let index = 0; index < 100; index++) outbox.append(Buffer.alloc(2_000))
    expect(Buffer.concat(channel.written).length).toBeGreaterThan(100_000)
  })

  it('is full while the channel holds more than it may, until it has drained', () => {
    const { channel, outbox, turn } = make(100)
    channel.isStuck = true
    outbox.append(Buffer.alloc(100))
    turn()
    expect(outbox.isFull).toBe(false)
    outbox.append(Buffer.alloc(1))
    turn()
    expect(outbox.isFull).toBe(true)
    outbox.drained()
    expect(outbox.isFull).toBe(false)
  })

  it('lends no memory twice while the channel may still read it', () => {
    const { channel, outbox, turn } = make()
    const kept: Uint8Array[] = []
    channel.isStuck = true
    channel.write = (pieces) => {
      kept.push(...pieces)
      channel.pending += 1
    }
    for (let index = 0; index < 50; index++) {
      outbox.append(Buffer.alloc(20, index))
      turn()
    }
    expect(kept.map((piece) => piece[0])).toEqual(kept.map((_, index) => index))
  })
})
