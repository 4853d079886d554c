import type { Broker } from '@antiphon/broker'
import type { Message } from '@antiphon/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { percentilesOf } from '../src/output/percentiles.js'
import { ExchangePairs, type ObservedExchange, type UnmatchedReason } from '../src/tap/exchange-pairs.js'
import { startBroker } from './broker-url.js'
import { antiphon, antiphonWithTimeout, hasNoResponse, startAntiphon, type Running } from './run-antiphon.js'

let broker: Broker
let url = ''
let responders: readonly Running[] = []

beforeAll(async () => {
  const started = await startBroker()
  broker = started.broker
  url = started.url
  responders = [
    startAntiphon(['serve', 'home/temp', '--template', '{{payload}}: 22', '-u', url]),
    startAntiphon(['serve', 'home/stream', '--stream', '-r', 'a', '-r', 'b', '-u', url]),
    startAntiphon(['serve', 'home/broken', '--fail', 'broken', '-u', url]),
  ]
  await Promise.all(responders.map(({ printed }) => printed('serving')))
})
afterAll(async () => {
  for (const { interrupt } of responders) interrupt()
  await Promise.all(responders.map(({ ended }) => ended))
  await broker.close()
})

async function tap(...args: readonly string[]): Promise<Running> {
  const running = startAntiphon(['tap', 'home/#', ...args, '-u', url])
  await running.printed(args.includes('--json') ? '"ready"' : 'tapping')
  return running
}
const request = (...args: readonly string[]) => antiphon(['request', ...args, '-u', url])

describe('antiphon tap', () => {
  it('shows requests with their responses, and a summary on Ctrl-C', async () => {
    const { printed, interrupt, ended } = await tap()
    await request('home/temp', 'Vienna')
    await request('home/stream', 'x', '--stream')
    await request('home/broken', 'y')
    await printed('home/broken')
    interrupt()
    const { code, stdout, stderr } = await ended
    expect(code).toBe(0)
    expect(stdout.replaceAll(/[\d.]+ ms/g, 'T ms')).toBe(
      'home/temp Vienna -> Vienna: 22 (200, T ms)\nhome/stream x -> 2 responses (204, T ms)\nhome/broken y -> broken (500, T ms)\n',
    )
    expect(stderr).toMatch(/3 exchanges, 0 unmatched, 0 pending; p50 [\d.]+ ms, .* max [\d.]+ ms\n$/)
  })

  it('prints exchanges as records, and ends after --count of them', async () => {
    const { ended } = await tap('--json', '--count', '1', '--qos', '0')
    await request('home/temp', 'Vienna')
    const { code, records } = await ended
    expect(code).toBe(0)
    expect(records()).toMatchObject([
      { type: 'ready', topic: 'home/#' },
      {
        type: 'exchange',
        topic: 'home/temp',
        request: { value: 'Vienna', format: 'text' },
        response: { value: 'Vienna: 22' },
        status: 200,
        responses: 1,
        attempts: 1,
      },
      { type: 'summary', answered: 1, failed: 0, latency: { p50: expect.any(Number) as number } },
    ])
  })

  it('follows response topics that requests name', async () => {
    const { printed, interrupt, ended } = await tap('--responses', 'elsewhere')
    await request('home/temp', 'a', '--response-topic', 'own/topic')
    await request('home/temp', 'b', '--response-topic', 'own/topic')
    await printed('home/temp b -> b: 22')
    interrupt()
    await ended
  })

  it('reports a request without a response', async () => {
    const { printed, interrupt, ended } = await tap('--json', '--timeout', '100ms')
    const args = ['request', 'home/missing', 'x', '--no-fail-fast', '--url', url]
    await antiphonWithTimeout(args, hasNoResponse)
    await printed('unmatched')
    interrupt()
    expect((await ended).records()).toContainEqual(
      expect.objectContaining({ type: 'unmatched', reason: 'no-response', topic: 'home/missing' }),
    )
  })

  it('exits with 7 if the broker refuses the filter, and with 0 if it is interrupted before it starts', async () => {
    expect(await antiphon(['tap', 'a/#/b', '-u', url])).toMatchObject({ code: 2 })
    const { interrupt, ended } = startAntiphon(['tap', 'x', '--wait-for-broker', '-u', 'mqtt://127.0.0.1:1'])
    interrupt()
    expect((await ended).code).toBe(0)
  })
})

const message = (parts: Partial<Message>): Message => ({
  topic: 'q',
  payload: new Uint8Array(),
  qos: 1,
  retain: false,
  dup: false,
  ...parts,
})
const request7 = message({ responseTopic: 'r', correlationData: Uint8Array.of(7) })
const response7 = message({ topic: 'r', correlationData: Uint8Array.of(7) })

describe('ExchangePairs', () => {
  const observed = () => {
    const exchanges: ObservedExchange[] = []
    const unmatched: (readonly [string, UnmatchedReason])[] = []
    const pairs = new ExchangePairs(
      {
        onExchange: (exchange) => exchanges.push(exchange),
        onUnmatched: ({ topic }, reason) => unmatched.push([topic, reason]),
      },
      { timeout: 1_000, keepsItems: false },
    )
    return { pairs, exchanges, unmatched }
  }

  it('pairs by Response Topic and Correlation Data, and counts retries', () => {
    const { pairs, exchanges, unmatched } = observed()
    pairs.receiveRequest(request7, 0)
    pairs.receiveRequest({ ...request7, userProperties: [['__ctl', '2']] }, 5)
    pairs.receiveResponse(response7, 9)
    expect(exchanges).toMatchObject([{ startedAt: 0, endedAt: 9, attempts: 2, responses: 1 }])
    pairs.receiveResponse(response7, 10)
    expect(unmatched).toEqual([['r', 'no-request']])
  })

  it('pairs without Correlation Data', () => {
    const { pairs, exchanges } = observed()
    pairs.receiveRequest(message({ responseTopic: 'r' }), 0)
    pairs.receiveResponse(message({ topic: 'r' }), 1)
    expect(exchanges).toHaveLength(1)
  })

  it('ignores messages that are neither requests nor responses', () => {
    const { pairs, exchanges, unmatched } = observed()
    pairs.receiveRequest(message({}), 0)
    pairs.receiveRequest({ ...request7, userProperties: [['__ctl', 'cancel']] }, 0)
    pairs.receiveResponse({ ...response7, retain: true }, 0)
    pairs.receiveResponse({ ...response7, responseTopic: 'x' }, 0)
    pairs.receiveResponse({ ...response7, userProperties: [['__stat', '202']] }, 0)
    expect([exchanges, unmatched, pairs.pending]).toEqual([[], [], 0])
  })

  it('reports a request when its expiry, or the timeout, has passed', () => {
    const { pairs, unmatched } = observed()
    pairs.receiveRequest({ ...request7, messageExpiryInterval: 3 }, 0)
    pairs.receiveRequest(message({ responseTopic: 'other' }), 0)
    pairs.expire(1_000)
    expect(unmatched).toEqual([['q', 'no-response']])
    pairs.expire(3_000)
    expect(unmatched).toHaveLength(2)
  })

  it('follows a stream to its end', () => {
    const { pairs, exchanges } = observed()
    pairs.receiveRequest(request7, 0)
    for (const position of ['0', '1', '2:last'])
      pairs.receiveResponse({ ...response7, userProperties: [['__stream', position]] }, 900)
    expect(exchanges).toMatchObject([{ responses: 2 }])
  })

  it('keeps a bounded number of requests', () => {
    const { pairs, unmatched } = observed()
    for (let count = 0; count <= 100_000; count += 1)
      pairs.receiveRequest(message({ responseTopic: `r/${count}` }), 0)
    expect([pairs.pending, unmatched.length]).toEqual([100_000, 1])
  })
})

describe('percentilesOf', () => {
  it('returns nothing for no times, and the time itself for one', () => {
    expect(percentilesOf([])).toBeUndefined()
    expect(percentilesOf([3])).toEqual({ p50: 3, p90: 3, p99: 3, max: 3 })
    expect(percentilesOf(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
    })
  })
})
