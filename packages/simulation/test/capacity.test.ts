import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  brokers,
  costs,
  firstLimitOf,
  type Fleet,
  loadOf,
  spreadFor,
} from '../../../docs/.vitepress/capacity.js'

interface Row {
  readonly title: string
  readonly outcomes: readonly {
    readonly contestant: string
    readonly samples: readonly Readonly<Record<string, number>>[]
  }[]
}

const { sections } = JSON.parse(
  readFileSync(new URL('../../../docs/bench/result.json', import.meta.url), 'utf8'),
) as {
  readonly sections: readonly { readonly rows: readonly Row[] }[]
}

/** Returns the median of a figure in the last benchmark. */
function measured(title: string, figure: string, contestant = 'Antiphon'): number {
  const rows = sections.flatMap(({ rows }) => rows).filter((row) => row.title === title)
  const outcome = rows[0]?.outcomes.find((one) => one.contestant === contestant)
  const samples = (outcome?.samples ?? []).map((sample) => sample[figure] ?? NaN).sort((a, b) => a - b)
  const median = samples[Math.floor(samples.length / 2)]
  if (median === undefined) throw new Error(`the benchmark has no ${figure} of ${contestant} in ${title}`)
  return median
}

const small = 'QoS 1, 64 in flight'
const large = 'QoS 1, 64 in flight, 64 KiB'
const slopeOf = (end: string): number => (measured(large, end) - measured(small, end)) / 64

const fleet: Fleet = {
  devices: 1_000_000,
  requestsPerHour: 60,
  payload: 256,
  regions: 1,
  handlerTime: 1,
  responseTime: 100,
}

const fleets: fc.Arbitrary<Fleet> = fc.record({
  devices: fc.nat(10_000_000),
  requestsPerHour: fc.nat(36_000),
  payload: fc.nat(1_000_000),
  regions: fc.integer({ min: 1, max: 50 }),
  handlerTime: fc.nat(10_000),
  responseTime: fc.nat(10_000),
})

describe('the costs of the capacity calculator', () => {
  // A benchmark that moves a cost by more than a fifth: set the cost in docs/.vitepress/capacity.ts to the new figure, and with it
  // the table and the example of docs/guide/capacity.md.
  it.each([
    ['requester', costs.requester, measured(small, 'requester')],
    ['responder', costs.responder, measured(small, 'responder')],
    ['kibibyte', costs.kibibyte, slopeOf('requester') + slopeOf('responder')],
    ['brokerMessage', costs.brokerMessage, measured('echo QoS 1, 64 in flight', 'broker', 'mosquitto')],
    ['pendingRequest', costs.pendingRequest, measured('100,000 pending, each', 'bytes')],
    [
      'servedEndpoint',
      costs.servedEndpoint,
      measured('10,000 endpoints after their requests, each', 'bytes'),
    ],
    ['brokerConnection', costs.brokerConnection, measured('idle connection', 'bytes', 'mosquitto')],
    ['brokerSession', costs.brokerSession, measured('stored session, 1 subscription', 'bytes', 'mosquitto')],
  ])('has the benchmark’s %s, within a fifth', (_name, cost, figure) => {
    expect(cost / figure).toBeGreaterThan(0.8)
    expect(cost / figure).toBeLessThan(1.2)
  })
})

describe('loadOf', () => {
  it('needs nothing for no devices', () => {
    expect(Object.values(loadOf({ ...fleet, devices: 0 }))).toEqual(Array(10).fill(0))
  })

  it('needs more for more devices, requests, bytes and work, and less in more regions', () => {
    const grows = fc.constantFrom('devices', 'requestsPerHour', 'payload', 'handlerTime', 'responseTime')
    fc.assert(
      fc.property(fleets, grows, fc.nat(1_000), (before, key, more) => {
        const [least, most] = [
          loadOf(before),
          loadOf({ ...before, [key]: before[key as keyof Fleet] + more }),
        ]
        const divided = loadOf({ ...before, regions: before.regions + more })
        for (const name of Object.keys(least) as (keyof typeof least)[]) {
          expect(most[name]).toBeGreaterThanOrEqual(least[name])
          expect(divided[name]).toBeLessThanOrEqual(least[name])
        }
      }),
    )
  })

  it('has the figures of the example in the guide', () => {
    const load = loadOf(fleet)
    expect(Math.round(load.exchangesPerSecond)).toBe(16_667)
    expect(Math.round(load.responderCores)).toBe(29)
    expect(Math.round(load.pendingRequests)).toBe(1_667)
    expect(load.brokerCores.toFixed(1)).toBe('1.2')
    expect(spreadFor(load, 500)).toBe(2_000_000)
  })
})

describe('firstLimitOf', () => {
  it('names the limit of which a load needs the largest share', () => {
    const firstOf = (changes: Partial<Fleet>): Readonly<Record<string, string>> =>
      Object.fromEntries(
        brokers.map((broker) => [broker.name, firstLimitOf(broker, loadOf({ ...fleet, ...changes })).first]),
      )
    expect(firstOf({})).toMatchObject({
      Mosquitto: 'processor cores',
      HiveMQ: 'messages a second in its benchmark',
      'Azure Event Grid, 40 throughput units': 'sessions',
    })
    expect(firstOf({ requestsPerHour: 1 })).toMatchObject({ HiveMQ: 'connections in its benchmark' })
    expect(firstOf({ requestsPerHour: 600 })).toMatchObject({
      'Azure Event Grid, 40 throughput units': 'messages a second',
    })
    expect(firstOf({ payload: 100_000 })).toMatchObject({
      'Azure Event Grid, 40 throughput units': 'bytes a second',
    })
  })

  it('needs a share above 1 beyond a limit', () => {
    const aws = brokers.find(({ name }) => name === 'AWS IoT Core') ?? { name: '', limits: [] }
    expect(firstLimitOf(aws, loadOf(fleet)).share).toBe(2)
    expect(firstLimitOf(aws, loadOf({ ...fleet, regions: 4 })).share).toBe(0.5)
  })
})
