import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Framer } from '../../src/connection/framer.js'
import { writeVarint } from '../../src/packet/varint.js'
import { hex } from '../world.js'

const runs = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

/** A packet of some type with a body of that length. */
function packet(body: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head[0] = 0x30
  return Buffer.concat([head.subarray(0, writeVarint(head, 1, body.length)), body])
}

function read(framer: Framer): string[] {
  const found: string[] = []
  while (framer.next()) found.push(framer.packet.toString('hex'))
  return found
}

describe('the framer', () => {
  it('finds the same packets however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (bodies, cuts) => {
          const packets = bodies.map(packet)
          const stream = Buffer.concat(packets)
          const framer = new Framer(1_000)
          const found: string[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = cuts[turn % cuts.length] as number
            framer.append(Buffer.from(stream.subarray(at, at + size)))
            at += size
            found.push(...read(framer))
          }
          expect(found).toEqual(packets.map((bytes) => bytes.toString('hex')))
          expect(framer.pendingBytes).toBe(0)
        },
      ),
      { numRuns: runs },
    )
  })

  it('keeps what comes while nobody asks', () => {
    const framer = new Framer(100)
    framer.append(hex('c000 c0'))
    expect(framer.next()).toBe(true)
    framer.append(hex('00 c000'))
    framer.append(hex('c000'))
    expect(read(framer)).toEqual(['c000', 'c000', 'c000'])
  })

  it('refuses a packet by its announced length, before anything of it is kept', () => {
    const framer = new Framer(100)
    framer.append(hex('30 61'))
    expect(framer.next()).toBe(false)
    const strict = new Framer(98)
    strict.append(hex('30 61'))
    expect(() => strict.next()).toThrow('the packet has 99 bytes: the Maximum Packet Size is 98')
  })

  it.each(['30 80808080', '30 ffffffff01', '30 8000'])('refuses the length %s', (digits) => {
    const framer = new Framer(1_000_000_000)
    framer.append(hex(digits))
    expect(() => framer.next()).toThrow(/Remaining Length/)
  })

  it('claims no room for what has not arrived', () => {
    const framer = new Framer(300_000_000)
    framer.append(hex('30 ffffff7f'))
    for (let index = 0; index < 100; index++) {
      framer.append(hex('00'))
      expect(framer.next()).toBe(false)
    }
    expect(framer.bytes.length).toBeLessThan(300)
  })
})
