import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectBytes, publishBytes } from '../conformance/bytes.js'
import type { FakeChannel } from '../world.js'
import { packetCorpus, connectCorpus } from './corpus.js'
import { makeFuzzWorld, read } from './fuzz-world.js'
import type { FuzzWorld } from './fuzz-world.js'
import { bytesInUse } from './heap.js'
import { mutate, mutation } from './mutation.js'

const packetCount = Number(process.env['ANTIPHON_FUZZ_PACKETS'] ?? 6_000)
const maxHeapGrowth = 6_000_000

/** The reason codes with which a broker may reject bad input; 0x80 would be a failure of the broker. */
const allowedReasonCodes = [0x81, 0x82, 0x84, 0x85, 0x87, 0x8c, 0x8d, 0x8e, 0x90, 0x93, 0x94, 0x95, 0x99]

const attack = fc.record({
  version: fc.constantFrom(4 as const, 5 as const),
  connectIndex: fc.nat({ max: 7 }),
  packets: fc.array(fc.nat({ max: 63 }), { minLength: 4, maxLength: 24 }),
  mutations: fc.array(mutation, { maxLength: 3 }),
  /** The size of the chunks in which the bytes arrive; 0 for one chunk. */
  chunk: fc.constantFrom(0, 0, 0, 1, 2, 7, 100),
})
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never

function toPackets({ version, connectIndex, packets, mutations }: Attack): Buffer[] {
  const connects = connectCorpus(version)
  const corpus = packetCorpus(version)
  const unmutated = [
    connects[connectIndex % connects.length],
    ...packets.map((index) => corpus[index % corpus.length]),
  ] as Buffer[]
  return mutations.reduce<Buffer[]>(mutate, unmutated)
}

function feed(channel: FakeChannel, bytes: Buffer, chunk: number): void {
  const step = chunk === 0 ? bytes.length : chunk
  for (let at = 0; at < bytes.length; at += step) channel.feed(bytes.subarray(at, at + step))
}

/** Returns the protocol version with which the broker answers a stream. */
function versionOf(stream: Buffer): 4 | 5 {
  let at = 1
  while (((stream[at] ?? 0) & 0x80) !== 0) at++
  const level = at + 3 + stream.readUInt16BE(Math.min(at + 1, Math.max(0, stream.length - 2)))
  return (stream[level] ?? 0) >= 5 ? 5 : 4
}

/** Expects a reason code that the protocol version allows as the last packet of a rejected connection. */
function checkWrittenPackets(channel: FakeChannel, version: 4 | 5): void {
  const wasEnded = channel.isEnded
  const written = read(channel, version)
  const last = written.at(-1)
  for (const received of written) {
    const { cmd, returnCode = 0, reasonCode = 0 } = received
    if (cmd !== 'disconnect' && cmd !== 'connack') continue
    const code = cmd === 'connack' && version === 4 ? returnCode : reasonCode
    if (code !== 0 && (version === 5 || cmd === 'disconnect')) expect(allowedReasonCodes).toContain(code)
    if (version === 4 && cmd === 'connack') expect([0, 1, 2, 3, 5]).toContain(code)
    if (code !== 0) expect([wasEnded, last]).toEqual([true, received])
  }
}

/** Runs a property with about `packets` packets and expects that resources and heap do not grow. */
function runUnderLoad(packets: number, run: (world: FuzzWorld) => fc.IPropertyWithHooks<unknown>): string {
  const world = makeFuzzWorld()
  world.checkNeighbour()
  const before = world.resources()
  const packetsPerRun = 28
  const numRuns = Math.max(1, Math.ceil(packets / packetsPerRun))
  fc.assert(run(world), { numRuns: Math.ceil(numRuns / 5) })
  const warmHeap = bytesInUse()
  fc.assert(run(world), { numRuns })
  const growth = bytesInUse() - warmHeap
  expect(world.resources()).toEqual(before)
  expect(growth).toBeLessThan(maxHeapGrowth)
  return `${numRuns} runs, ${growth} bytes more in use`
}

describe('a broker with bad input', () => {
  it(
    `serves other clients and leaks no resources under ${packetCount} mutated packets`,
    { timeout: 900_000 },
    () => {
      let count = 0
      const startedAt = performance.now()
      const report = runUnderLoad(packetCount, (world) => {
        const before = world.resources()
        return fc.property(fc.array(attack, { minLength: 1, maxLength: 4 }), (attacks) => {
          const channels = attacks.map((mutated) => {
            const channel = world.connectAttacker()
            const packets = toPackets(mutated)
            const stream = Buffer.concat(packets)
            count += packets.length
            feed(channel, stream, mutated.chunk)
            world.checkNeighbour()
            return [channel, stream.length < 2 ? 5 : versionOf(stream)] as const
          })
          for (const [channel, version] of channels) checkWrittenPackets(channel, version)
          world.endAttacks()
          expect(world.resources()).toEqual(before)
        })
      })
      if (process.env['ANTIPHON_FUZZ_PACKETS'] !== undefined)
        console.log(`${count} packets in ${Math.round(performance.now() - startedAt)} ms; ${report}`)
    },
  )

  it('serves other clients and leaks no resources under random bytes', { timeout: 600_000 }, () => {
    runUnderLoad(packetCount / 10, (world) => {
      const before = world.resources()
      const raw = fc.record({
        isConnected: fc.boolean(),
        chunks: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }),
      })
      return fc.property(raw, ({ isConnected, chunks }) => {
        const channel = world.connectAttacker()
        if (isConnected) channel.feed(connectBytes(5))
        for (const chunk of chunks) channel.feed(chunk)
        world.checkNeighbour()
        checkWrittenPackets(channel, 5)
        world.endAttacks()
        expect(world.resources()).toEqual(before)
      })
    })
  })
})

describe('a broker with slow clients', () => {
  it('closes connections without a complete CONNECT within connectTimeout, also when bytes keep arriving', () => {
    const world = makeFuzzWorld()
    const before = world.resources()
    const channels = Array.from({ length: 200 }, () => world.connectAttacker())
    const bytes = connectBytes(5, { payload: Buffer.alloc(100) })
    for (let second = 0; second < 10; second++) {
      for (const channel of channels) channel.feed(bytes.subarray(second, second + 1))
      world.advance(1_000)
      world.checkNeighbour()
    }
    expect(channels.every(({ isClosed }) => isClosed)).toBe(true)
    expect(world.resources()).toEqual(before)
  })

  it('allocates memory for the bytes that clients sent, not for the length they announced', () => {
    const world = makeFuzzWorld()
    const before = bytesInUse()
    const channels = Array.from({ length: 1_000 }, () => world.connectAttacker())
    const announced = publishBytes(5, 'fuzz/a', { payload: 'x'.repeat(9_000) })
    for (const channel of channels) {
      channel.feed(connectBytes(5))
      channel.feed(announced.subarray(0, 1))
      channel.feed(announced.subarray(1, 20))
    }
    world.checkNeighbour()
    expect(bytesInUse() - before).toBeLessThan(1_000 * 8_000)
    for (const channel of channels) channel.close()
  })
})
