import { bytes, endpoint, exchange$, ignoredRequests$, requests$, serve, type Message } from '@antiphon/core'
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
  it('gives the known answer', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe('e3069283')
    expect(crc32c(new Uint8Array())).toBe('00000000')
  })
})

describe('the header of a part', () => {
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
  ])('%s is none', (said) => expect(toChunkHeader(said)).toBeUndefined())

  it('is read as it was written', () => {
    for (const said of ['0:2:9:0000abcd', '1:2:9']) {
      const header = toChunkHeader(said)
      expect(header && fromChunkHeader(header)).toBe(said)
    }
  })
})

describe('split and Assembly', () => {
  it('a payload in parts comes together, in whatever order and however often the parts come', () => {
    const payloads = fc.uint8Array({ minLength: 300, maxLength: 5_000 })
    fc.assert(
      fc.property(payloads, fc.array(fc.nat()), fc.infiniteStream(fc.nat()), (payload, repeats, order) => {
        const parts = split({ topic: 't', payload, userProperties: [['a', 'b']] }, info)
        const all = [
          ...parts,
          ...repeats.map((n) => parts[n % parts.length]).filter((part) => part !== undefined),
        ]
        const shuffled = all
          .map((part) => ({ part, at: Number(order.next().value) }))
          .sort((a, b) => a.at - b.at)
        const assembly = new Assembly(5_000)
        for (const { part } of shuffled) {
          const { userProperties = [] } = part
          const assembled = assembly.add({ ...toMessage(part.payload, ''), userProperties })
          expect(assembled.kind).not.toBe('broken')
          if (assembled.kind === 'incomplete') continue
          expect(assembled).toMatchObject({ message: { payload, userProperties: [['a', 'b']] } })
          return
        }
        expect.unreachable('the parts never made a whole')
      }),
      { numRuns },
    )
  })

  it('what fits goes whole, and on MQTT 3.1.1 nothing is split', () => {
    const large = { topic: 't', payload: new Uint8Array(1_000) }
    expect(split({ topic: 't', payload: new Uint8Array(100) }, info)).toHaveLength(1)
    expect(split(large, { ...info, protocolVersion: 4 })).toEqual([large])
    expect(split(large, undefined)).toEqual([large])
  })

  it('properties that alone are too large are refused', () => {
    const message = {
      topic: 't',
      payload: new Uint8Array(),
      userProperties: [['a', 'b'.repeat(300)]] as const,
    }
    expect(() => split(message, info)).toThrow(/properties/)
  })

  it.each([
    ['a declared size above the bound, at once', [['0:2:99999999:00000000', 1]], /declared/],
    ['more bytes than declared, before the last part', [['0:3:9:00000000', 50]], /more than/],
    [
      'fewer bytes than declared',
      [
        ['0:2:9:00000000', 1],
        ['1:2:9', 1],
      ],
      /less than/,
    ],
    [
      'parts of different sizes',
      [
        ['0:3:9:00000000', 2],
        ['1:3:9', 3],
        ['2:3:9', 4],
      ],
      /differ/,
    ],
    [
      'parts that disagree',
      [
        ['0:2:9:00000000', 5],
        ['1:3:9', 4],
      ],
      /disagree/,
    ],
    [
      'a wrong check sum',
      [
        ['0:2:9:00000000', 5],
        ['1:2:9', 4],
      ],
      /check sum/,
    ],
    ['an unreadable header', [['x', 1]], /no part/],
  ] as const)('%s never makes a whole', (_, parts, reason) => {
    const assembly = new Assembly(1_000)
    const last = parts.map(([header, size]) => assembly.add(toMessage(new Uint8Array(size), header))).at(-1)
    expect(last).toMatchObject({ kind: 'broken', reason: expect.stringMatching(reason) as string })
  })
})

describe('payloads that are incomplete', () => {
  const half = (size: number): Message => toMessage(new Uint8Array(size), `0:2:${2 * size}:00000000`)
  const scheduler = new VirtualTimeScheduler()
  /** Which of the transfers are still there to disagree with another part, in a world of its own. */
  const there = (transfers: Transfers, keys: readonly string[]): readonly string[] =>
    keys.filter((key) => transfers.add(key, toMessage(new Uint8Array(1), '1:3:99')).kind === 'broken')

  it('are so many at most, and of so many bytes; the one longest unheard of gives way', () => {
    const few = new Transfers(deadlines(scheduler), { transfers: 2 })
    for (const key of ['a', 'b', 'a', 'c']) few.add(key, half(10))
    expect(there(few, ['a', 'c', 'b'])).toEqual(['a', 'c'])
    const small = new Transfers(deadlines(scheduler), { totalBytes: 25 })
    for (const key of ['a', 'b', 'c', 'c', 'd']) small.add(key, half(key === 'd' ? 15 : 10))
    expect(there(small, ['c', 'd', 'a', 'b'])).toEqual(['c', 'd'])
  })

  it('may be as large as a whole may be', () => {
    const transfers = new Transfers(deadlines(scheduler), { bytes: 200 * 2 ** 20 })
    expect(transfers.add('a', half(70 * 2 ** 20))).toEqual({ kind: 'incomplete' })
    expect(there(transfers, ['a'])).toEqual(['a'])
  })
})

describe('an exchange larger than the broker’s packets', () => {
  const large = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251)
  const mirror = endpoint({ topic: 'mirror', request: bytes, response: bytes })

  it('travels in parts both ways, and its parts are all acknowledged', () => {
    inWorld(
      ({ link, advance, broker }) => {
        requests$(link('server'), mirror)
          .pipe(serve(({ value }) => of(value)))
          .subscribe()
        advance(50)
        let response: Uint8Array | undefined
        exchange$(link('caller'), mirror, large).subscribe((value) => (response = value))
        advance(500)
        expect(response).toEqual(large)
        expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
      },
      { limits: { maximumPacketSize: 1_024 } },
    )
  })

  it('an incomplete one never surfaces, and is forgotten', () => {
    inWorld(({ link, advance, broker }) => {
      const seen: unknown[] = []
      const server = link('server')
      requests$(server, mirror).subscribe((request) => seen.push(request))
      const refused: string[] = []
      ignoredRequests$(server).subscribe(({ reason }) => refused.push(reason))
      advance(50)
      const part = {
        topic: 'mirror',
        responseTopic: 'r',
        correlationData: large.subarray(0, 4),
        payload: large.subarray(0, 9),
      }
      broker.publish({ ...part, userProperties: [['__chunk', '0:2:18:00000000']] })
      broker.publish({ ...part, userProperties: [['__chunk', '0:2:99999999:00000000']] })
      advance(60_000)
      expect(seen).toEqual([])
      expect(refused).toEqual(['invalid'])
    })
  })
})
