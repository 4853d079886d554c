import { expect, it } from 'vitest'
import { InboundPackets } from '../src/inbound-packets.js'

it('buffers packets while paused, and can be paused again by the handler during resume', () => {
  const firstBytes: number[] = []
  const packets = new InboundPackets(Infinity, ({ firstByte }) => {
    firstBytes.push(firstByte)
    if (firstByte === 0x20) packets.pause()
  })
  packets.append(Uint8Array.of(0x20, 0, 0xd0, 0, 0x20))
  packets.append(Uint8Array.of(0, 0xd0, 0))
  expect(firstBytes).toEqual([0x20])
  packets.resume()
  expect(firstBytes).toEqual([0x20, 0xd0, 0x20])
  packets.resume()
  expect(firstBytes).toEqual([0x20, 0xd0, 0x20, 0xd0])
})

it('emits a packet after the current one if its handler appends it', () => {
  const firstBytes: number[] = []
  const packets = new InboundPackets(Infinity, ({ firstByte }) => {
    if (firstByte === 0x20) packets.append(Uint8Array.of(0xe0, 0))
    firstBytes.push(firstByte)
  })
  packets.append(Uint8Array.of(0x20, 0, 0xd0, 0))
  expect(firstBytes).toEqual([0x20, 0xd0, 0xe0])
})
