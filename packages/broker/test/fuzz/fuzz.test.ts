import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectBytes, publishBytes } from '../conformance/bytes.js'
import type { FakeChannel } from '../world.js'
import { captures, entrances } from './captures.js'
import { makeFuzzWorld, read } from './fuzz-world.js'
import type { FuzzWorld } from './fuzz-world.js'
import { bytesInUse } from './heap.js'
import { mutate, mutation } from './mutation.js'

const wanted = Number(process.env['ANTIPHON_FUZZ_PACKETS'] ?? 6_000)
const leakAllowed = 6_000_000

/** The reasons a broker may have to end what a client broke; 0x80 would be a failure of its own. */
const reasons = [0x81, 0x82, 0x84, 0x85, 0x87, 0x8c, 0x8d, 0x8e, 0x90, 0x93, 0x94, 0x95, 0x99]

const attack = fc.record({
  version: fc.constantFrom(4 as const, 5 as const),
  entrance: fc.nat({ max: 7 }),
  packets: fc.array(fc.nat({ max: 63 }), { minLength: 4, maxLength: 24 }),
  mutations: fc.array(mutation, { maxLength: 3 }),
  /** How many bytes arrive at a time; 0 for all. */
  chunk: fc.constantFrom(0, 0, 0, 1, 2, 7, 100),
})
type Attack = typeof attack extends fc.Arbitrary<infer T> ? T : never

function toPackets({ version, entrance, packets, mutations }: Attack): Buffer[] {
  const ways = entrances(version)
  const known = captures(version)
  const plain = [
    ways[entrance % ways.length],
    ...packets.map((index) => known[index % known.length]),
  ] as Buffer[]
  return mutations.reduce<Buffer[]>(mutate, plain)
}

function feed(channel: FakeChannel, bytes: Buffer, chunk: number): void {
  const step = chunk === 0 ? bytes.length : chunk
  for (let at = 0; at < bytes.length; at += step) channel.feed(bytes.subarray(at, at + step))
}

/** The version in whose form the broker has to answer what opens like this. */
function versionOf(stream: Buffer): 4 | 5 {
  let at = 1
  while (((stream[at] ?? 0) & 0x80) !== 0) at++
  const level = at + 3 + stream.readUInt16BE(Math.min(at + 1, Math.max(0, stream.length - 2)))
  return (stream[level] ?? 0) >= 5 ? 5 : 4
}

/** Whoever was ended was told why, in a form it understands; whoever was not is served. */
function check(channel: FakeChannel, version: 4 | 5): void {
  const wasEnded = channel.isEnded
  const written = read(channel, version)
  const last = written.at(-1)
  for (const each of written) {
    if (each.cmd !== 'disconnect' && each.cmd !== 'connack') continue
    const code = each.cmd === 'connack' && version === 4 ? (each.returnCode ?? 0) : (each.reasonCode ?? 0)
    if (code !== 0 && (version === 5 || each.cmd === 'disconnect')) expect(reasons).toContain(code)
    if (version === 4 && each.cmd === 'connack') expect([0, 1, 2, 3, 5]).toContain(code)
    if (code !== 0) expect([wasEnded, last]).toEqual([true, each])
  }
}

/** Runs a property until so many packets have been through it, and looks at what is left. */
function endure(packets: number, run: (world: FuzzWorld) => fc.IPropertyWithHooks<unknown>): string {
  const world = makeFuzzWorld()
  world.visitNeighbour()
  const before = world.holdings()
  const perRun = 28
  const numRuns = Math.max(1, Math.ceil(packets / perRun))
  fc.assert(run(world), { numRuns: Math.ceil(numRuns / 5) })
  const warm = bytesInUse()
  fc.assert(run(world), { numRuns })
  const growth = bytesInUse() - warm
  expect(world.holdings()).toEqual(before)
  expect(growth).toBeLessThan(leakAllowed)
  return `${numRuns} runs, ${growth} bytes more in use`
}

describe('bad input', () => {
  it(`of ${wanted} packets leaves neighbours undisturbed and nothing behind`, { timeout: 900_000 }, () => {
    let count = 0
    const began = performance.now()
    const report = endure(wanted, (world) => {
      const before = world.holdings()
      return fc.property(fc.array(attack, { minLength: 1, maxLength: 4 }), (attacks) => {
        const channels = attacks.map((each) => {
          const channel = world.attack()
          const packets = toPackets(each)
          const stream = Buffer.concat(packets)
          count += packets.length
          feed(channel, stream, each.chunk)
          world.visitNeighbour()
          return [channel, stream.length < 2 ? 5 : versionOf(stream)] as const
        })
        for (const [channel, version] of channels) check(channel, version)
        world.clear()
        expect(world.holdings()).toEqual(before)
      })
    })
    if (process.env['ANTIPHON_FUZZ_PACKETS'] !== undefined)
      console.log(`${count} packets in ${Math.round(performance.now() - began)} ms; ${report}`)
  })

  it('of raw bytes ends or waits', { timeout: 600_000 }, () => {
    endure(wanted / 10, (world) => {
      const before = world.holdings()
      const raw = fc.record({
        isIn: fc.boolean(),
        chunks: fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }),
      })
      return fc.property(raw, ({ isIn, chunks }) => {
        const channel = world.attack()
        if (isIn) channel.feed(connectBytes(5))
        for (const chunk of chunks) channel.feed(chunk)
        world.visitNeighbour()
        check(channel, 5)
        world.clear()
        expect(world.holdings()).toEqual(before)
      })
    })
  })
})

describe('slow senders', () => {
  it('are refused when their CONNECT does not come in time, a byte at a time or not', () => {
    const world = makeFuzzWorld()
    const before = world.holdings()
    const channels = Array.from({ length: 200 }, () => world.attack())
    const bytes = connectBytes(5, { payload: Buffer.alloc(100) })
    for (let second = 0; second < 10; second++) {
      for (const channel of channels) channel.feed(bytes.subarray(second, second + 1))
      world.advance(1_000)
      world.visitNeighbour()
    }
    expect(channels.every(({ isGone }) => isGone)).toBe(true)
    expect(world.holdings()).toEqual(before)
  })

  it('cost what they sent, not what they announced', () => {
    const world = makeFuzzWorld()
    const before = bytesInUse()
    const channels = Array.from({ length: 1_000 }, () => world.attack())
    const announced = publishBytes(5, 'fuzz/a', { payload: 'x'.repeat(9_000) })
    for (const channel of channels) {
      channel.feed(connectBytes(5))
      channel.feed(announced.subarray(0, 1))
      channel.feed(announced.subarray(1, 20))
    }
    world.visitNeighbour()
    expect(bytesInUse() - before).toBeLessThan(1_000 * 8_000)
    for (const channel of channels) channel.close()
  })
})
