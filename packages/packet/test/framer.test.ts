import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Framer, PacketError } from '../src/index.js'
import { writeVariableByteInteger } from '../src/variable-byte-integer.js'
import { runs } from './arbitraries.js'
import { hex } from './reference.js'

const allocate = (size: number): Uint8Array => new Uint8Array(size)

/** A packet with that body. */
function packet(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + body.length)
  bytes[0] = 0x30
  const at = writeVariableByteInteger(bytes, 1, body.length)
  bytes.set(body, at)
  return bytes.slice(0, at + body.length)
}

function read(framer: Framer): Uint8Array[] {
  const found: Uint8Array[] = []
  while (framer.next()) found.push(framer.packet.slice())
  return found
}

describe('Framer', () => {
  it('finds the same packets however the stream is split into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (bodies, sizes) => {
          const packets = bodies.map(packet)
          const stream = Uint8Array.from(packets.flatMap((bytes) => [...bytes]))
          const framer = new Framer(1_000, allocate)
          const found: Uint8Array[] = []
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = sizes[turn % sizes.length] as number
            framer.append(stream.slice(at, at + size))
            at += size
            found.push(...read(framer))
          }
          expect(found).toEqual(packets)
          expect(framer.pendingBytes).toBe(0)
        },
      ),
      runs(500),
    )
  })

  it('buffers packets until `next` is called', () => {
    const framer = new Framer(100, allocate)
    framer.append(hex('c000 d0'))
    expect(framer.next()).toBe(true)
    framer.append(hex('00 e000'))
    framer.append(hex('f000'))
    expect(framer.pendingBytes).toBe(6)
    expect(read(framer)).toEqual([hex('d000'), hex('e000'), hex('f000')])
  })

  it('returns a packet without copying it if its chunk holds all of it', () => {
    const chunk = hex('30 02 6162 30 01 63')
    const framer = new Framer(100, allocate)
    framer.append(chunk)
    expect(framer.next() && framer.next()).toBe(true)
    expect(framer.packet.buffer).toBe(chunk.buffer)
    expect([framer.firstByte, framer.start, framer.body.at, framer.body.end]).toEqual([0x30, 4, 6, 7])
  })

  it('releases a chunk when its packets have been read', () => {
    const framer = new Framer(100, allocate)
    framer.append(hex('c000'))
    expect(read(framer)).toHaveLength(1)
    expect(framer.body.bytes).toHaveLength(0)
    expect(framer.packet).toHaveLength(0)
  })

  it('rejects a packet by its Remaining Length, before its body arrives', () => {
    const framer = new Framer(100, allocate)
    framer.append(hex('30 61'))
    expect(framer.next()).toBe(false)
    const strict = new Framer(98, allocate)
    strict.append(hex('30 61'))
    expect(() => strict.next()).toThrow('the packet has 99 bytes: the Maximum Packet Size is 98')
    expect(() => strict.next()).toThrow(expect.objectContaining({ reasonCode: 0x95 }))
  })

  it.each(['30 80808080', '30 ffffffff01', '30 8000', '30 808000'])(
    'rejects the Remaining Length of %s',
    (digits) => {
      const framer = new Framer(1_000_000_000, allocate)
      framer.append(hex(digits))
      expect(() => framer.next()).toThrow(PacketError)
      expect(() => framer.next()).toThrow(/Remaining Length .*\[MQTT-1.5.5/)
    },
  )

  it('doubles its buffer, and allocates nothing for bytes that have not arrived', () => {
    const sizes: number[] = []
    const framer = new Framer<Uint8Array>(300_000_000, (size) => {
      sizes.push(size)
      return new Uint8Array(size)
    })
    framer.append(hex('30 ffffff7f'))
    for (let index = 0; index < 100; index += 1) {
      framer.append(hex('00'))
      expect(framer.next()).toBe(false)
    }
    expect(sizes).toEqual([0, 10, 20, 40, 80, 160])
  })
})
