import {
  bytes,
  endpoint,
  exchange$,
  ignoredRequests$,
  requests$,
  serve,
  unmatchedResponses$,
  type Message,
} from '@antiphon/core'
import fc from 'fast-check'
import { of, VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Assembly } from '../../src/chunk/assembly.js'
import { fromChunkHeader, toChunkHeader } from '../../src/chunk/chunk-header.js'
import { crc32c } from '../../src/chunk/crc32c.js'
import { split } from '../../src/chunk/split.js'
import { Transfers } from '../../src/chunk/transfers.js'
import type { ConnectionInfo } from '../../src/link/link.js'
import { deadlines } from '../../src/time/deadlines.js'
import { observe } from '../observed.js'
import { inWorld } from '../world.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)
const info: ConnectionInfo = {
  protocolVersion: 5,
  clientId: 'c',
  sessionPresent: false,
  receiveMaximum: 65_535,
  maximumPacketSize: 256,
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptions: true,
  sharedSubscriptions: true,
  subscriptionIdentifiers: true,
}
const toMessage = (payload: Uint8Array, header: string): Message => ({
  topic: 't',
  payload,
  qos: 1,
  retain: false,
  dup: false,
  userProperties: [['__chunk', header]],
})

describe('crc32c', () => {
  it('computes the known CRC-32C checksums', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe('e3069283')
    expect(crc32c(new Uint8Array())).toBe('00000000')
  })
})

describe('the chunk header', () => {
  it.each([
    '',
    '0',
    '0:1',
    '0:1:1',
    '1:1:1',
    '1:2:9:0000abcd',
    '0:2:1:0000abcd',
    '-1:2:3',
    '0:0:0:0000abcd',
    '0:2:9:zz',
  ])('rejects the chunk header %j', (text) => expect(toChunkHeader(text)).toBeUndefined())

  it('parses the chunk headers that it formats', () => {
    for (const text of ['0:2:9:0000abcd', '1:2:9']) {
      const header = toChunkHeader(text)
      expect(header && fromChunkHeader(header)).toBe(text)
    }
  })
})

describe('split and Assembly', () => {
  it('assembles a payload from its chunks in any order and with repetitions', () => {
    const payloads = fc.uint8Array({ minLength: 300, maxLength: 5_000 })
    fc.assert(
      fc.property(payloads, fc.array(fc.nat()), fc.infiniteStream(fc.nat()), (payload, repeats, order) => {
        const chunks = split({ topic: 't', payload, userProperties: [['a', 'b']] }, info)
        const all = [
          ...chunks,
          ...repeats.map((n) => chunks[n % chunks.length]).filter((chunk) => chunk !== undefined),
        ]
        const shuffled = all
          .map((chunk) => ({ chunk, at: Number(order.next().value) }))
          .sort((a, b) => a.at - b.at)
        const assembly = new Assembly(5_000)
        for (const { chunk } of shuffled) {
          const { userProperties = [] } = chunk
          const assembled = assembly.add({ ...toMessage(chunk.payload, ''), userProperties })
          expect(assembled.kind).not.toBe('broken')
          if (assembled.kind === 'incomplete') continue
          expect(assembled).toMatchObject({ message: { payload, userProperties: [['a', 'b']] } })
          return
        }
        expect.unreachable('the chunks never made a whole message')
      }),
      { numRuns },
    )
  })

  it('splits neither a message that fits nor one on MQTT 3.1.1', () => {
    const large = { topic: 't', payload: new Uint8Array(1_000) }
    expect(split({ topic: 't', payload: new Uint8Array(100) }, info)).toHaveLength(1)
    expect(split(large, { ...info, protocolVersion: 4 })).toEqual([large])
    expect(split(large, undefined)).toEqual([large])
  })

  it('throws when the properties alone exceed Maximum Packet Size', () => {
    const message = {
      topic: 't',
      payload: new Uint8Array(),
      userProperties: [['a', 'b'.repeat(300)]] as const,
    }
    expect(() => split(message, info)).toThrow(
      `[too-large] cannot publish to t: its properties alone exceed the broker's Maximum Packet Size of ${info.maximumPacketSize} bytes; shorten them`,
    )
  })

  it.each([
    [
      'a declared size above the limit, at once',
      [['0:2:99999999:00000000', 1]],
      '99999999 bytes are declared, at most 1000 are accepted',
    ],
    [
      'more bytes than declared, before the last chunk',
      [['0:3:9:00000000', 50]],
      'its chunks are more than the declared size',
    ],
    [
      'fewer bytes than declared',
      [
        ['0:2:9:00000000', 1],
        ['1:2:9', 1],
      ],
      'its chunks are less than the declared size',
    ],
    [
      'chunks of different sizes',
      [
        ['0:3:9:00000000', 2],
        ['1:3:9', 3],
        ['2:3:9', 4],
      ],
      'its chunks differ in size',
    ],
    [
      'chunks that disagree',
      [
        ['0:2:9:00000000', 5],
        ['1:3:9', 4],
      ],
      'its chunks disagree on count or size',
    ],
    [
      'a wrong checksum',
      [
        ['0:2:9:00000000', 5],
        ['1:2:9', 4],
      ],
      'its checksum does not match',
    ],
    ['an invalid header', [['x', 1]], 'invalid chunk header "x": expected <index>:<count>:<bytes>'],
  ] as const)('rejects a payload with %s', (_, chunks, reason) => {
    const assembly = new Assembly(1_000)
    const last = chunks.map(([header, size]) => assembly.add(toMessage(new Uint8Array(size), header))).at(-1)
    expect(last).toEqual({ kind: 'broken', reason })
  })
})

describe('incomplete payloads', () => {
  const half = (size: number): Message => toMessage(new Uint8Array(size), `0:2:${2 * size}:00000000`)
  const scheduler = new VirtualTimeScheduler()
  /** Returns the keys whose transfers are still stored: these reject a chunk with another count. */
  const storedOf = (transfers: Transfers, keys: readonly string[]): readonly string[] =>
    keys.filter((key) => transfers.add(key, toMessage(new Uint8Array(1), '1:3:99')).kind === 'broken')

  it('drops the least recently extended payload beyond transfers or totalBytes', () => {
    const few = new Transfers(deadlines(scheduler), { transfers: 2 })
    for (const key of ['a', 'b', 'a', 'c']) few.add(key, half(10))
    expect(storedOf(few, ['a', 'c', 'b'])).toEqual(['a', 'c'])
    const small = new Transfers(deadlines(scheduler), { totalBytes: 25 })
    for (const key of ['a', 'b', 'c', 'c', 'd']) small.add(key, half(key === 'd' ? 15 : 10))
    expect(storedOf(small, ['c', 'd', 'a', 'b'])).toEqual(['c', 'd'])
  })

  it('raises the default of totalBytes to bytes', () => {
    const transfers = new Transfers(deadlines(scheduler), { bytes: 200 * 2 ** 20 })
    expect(transfers.add('a', half(70 * 2 ** 20))).toEqual({ kind: 'incomplete' })
    expect(storedOf(transfers, ['a'])).toEqual(['a'])
  })
})

describe('an exchange beyond Maximum Packet Size', () => {
  const large = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251)
  const mirror = endpoint({ topic: 'mirror', request: bytes, response: bytes })

  it('sends request and response in chunks, all of which are acknowledged', () => {
    inWorld(
      ({ link, advance, broker }) => {
        requests$(link('server'), mirror)
          .pipe(serve(({ value }) => of(value)))
          .subscribe()
        advance(50)
        let response: Uint8Array | undefined
        exchange$(link('requester'), mirror, large).subscribe((value) => (response = value))
        advance(500)
        expect(response).toEqual(large)
        expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
      },
      { limits: { maximumPacketSize: 1_024 } },
    )
  })

  it('answers a request that exceeds the size limit of the responder with 400 at once, and once', () => {
    inWorld(
      (world) => {
        const server = world.link('server')
        const ignored = observe(world, ignoredRequests$(server))
        requests$(server, mirror, { transfers: { bytes: 1_000 } })
          .pipe(serve(({ value }) => of(value)))
          .subscribe()
        world.advance(50)
        const requester = world.link('requester')
        const unmatched = observe(world, unmatchedResponses$(requester))
        const call = observe(world, exchange$(requester, mirror, new Uint8Array(2_000)))
        world.advance(100)
        expect(call.ending()).toMatchObject({
          code: 'status',
          status: { code: 400, message: expect.stringContaining('1000') as string },
        })
        expect(unmatched.values).toEqual([])
        expect(ignored.values[0]).toMatchObject({ reason: 'invalid', status: 400 })
        expect(world.broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
      },
      { limits: { maximumPacketSize: 256 } },
    )
  })

  it('answers a request whose chunks cannot be assembled with 400, and accepts the next attempt', () => {
    inWorld(
      (world) => {
        requests$(world.link('server'), mirror)
          .pipe(serve(({ value }) => of(value)))
          .subscribe()
        world.advance(50)
        // Changes the last byte of the first chunk that the broker forwards.
        world.broker.inject({ kind: 'corrupt', packets: ['publish'], clientId: 'server', times: 1 })
        const retry = { count: 1, on: () => true, backOff: { initial: 10, jitter: 0 } }
        const value = new Uint8Array(2_000).fill(7)
        const failing = observe(world, exchange$(world.link('requester'), mirror, value))
        world.advance(100)
        expect(failing.ending()).toMatchObject({ code: 'status', status: { code: 400 } })
        world.broker.inject({ kind: 'corrupt', packets: ['publish'], clientId: 'server', times: 1 })
        const call = observe(world, exchange$(world.link('requester'), mirror, value, { retry }))
        world.advance(200)
        expect(call.values).toEqual([value])
      },
      { limits: { maximumPacketSize: 256 } },
    )
  })

  it('drops an incomplete request without emitting it', () => {
    inWorld(({ link, advance, broker }) => {
      const emitted: unknown[] = []
      const server = link('server')
      requests$(server, mirror).subscribe((request) => emitted.push(request))
      const ignored: string[] = []
      ignoredRequests$(server).subscribe(({ reason }) => ignored.push(reason))
      advance(50)
      const chunk = {
        topic: 'mirror',
        responseTopic: 'r',
        correlationData: large.subarray(0, 4),
        payload: large.subarray(0, 9),
      }
      broker.publish({ ...chunk, userProperties: [['__chunk', '0:2:18:00000000']] })
      broker.publish({ ...chunk, userProperties: [['__chunk', '0:2:99999999:00000000']] })
      advance(60_000)
      expect(emitted).toEqual([])
      expect(ignored).toEqual(['invalid'])
    })
  })
})
