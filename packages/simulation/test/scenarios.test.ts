import { describe, expect, it } from 'vitest'
import type { FleetSettings } from '../src/fleet/fleet-settings.js'
import type { Result } from '../src/record/result.js'
import { runScenario } from '../src/run-scenario.js'
import { scenarios } from '../src/scenarios/index.js'
import { readSettings } from '../src/settings.js'
import { virtualWorld } from '../src/world/virtual-world.js'

const usual = { connectionsPerSecond: 1_000, backlog: Infinity, messagesPerSecond: 10_000, latency: 5 }
const fleet = { devices: 40, requesters: 4, workers: 4, requestsPerSecond: 20 }

/** Runs a scenario with a fleet that is small enough for the check. */
function run(name: string, seed = 1, settings: Partial<FleetSettings> = fleet): Promise<Result> {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const capacity = { ...usual, ...scenario.capacity?.(fleet.devices), backlog: 5 }
  return runScenario(scenario, virtualWorld(scenario.capacity === undefined ? usual : capacity, seed), {
    seed,
    settings,
  })
}

describe('a fleet on virtual time', () => {
  it('does the same for the same seed', async () => {
    expect(await run('hot-key')).toEqual(await run('hot-key'))
    expect(await run('hot-key', 2)).not.toEqual(await run('hot-key', 1))
  })

  it('does the same for the same seed while clients reconnect and requests are retried', async () => {
    for (const name of ['broker-lost', 'brown-out']) expect(await run(name)).toEqual(await run(name))
  })

  it('loses no request while its workers are replaced one by one', async () => {
    const { offered, responded, handledTwice } = await run('rolling-deploy')
    expect([responded, handledTwice]).toEqual([offered, 0])
  })

  it('succeeds again after the broker has lost its sessions', async () => {
    const { recovery, reconnected } = await run('broker-lost')
    expect(recovery).toBeLessThanOrEqual(10)
    expect(reconnected).toBeGreaterThan(10)
  })

  it('loses requests of the region without a network only', async () => {
    const { timeline } = await run('region-cut')
    const successes = timeline.filter(({ at }) => at >= 10 && at < 20).map(({ success }) => success)
    expect(Math.min(...successes)).toBeLessThan(1)
    expect(Math.max(...successes)).toBeGreaterThan(0)
  })

  it('reconnects with fewer attempts if they are spread', async () => {
    const [spread, unspread] = [await run('fail-over'), await run('fail-over-unspread')]
    expect(spread.attemptsPerConnect).toBeLessThan(2)
    expect(unspread.attemptsPerConnect).toBeGreaterThan(3)
  })

  it('answers more jobs in a brown-out if those that are too late are left out', async () => {
    const busy = { ...fleet, devices: 4, workers: 1, jobShare: 1, requestsPerSecond: 30 }
    const successOf = ({ timeline }: Result): number =>
      timeline.slice(30, 60).reduce((sum, { success }) => sum + success / 30, 0)
    const shed = successOf(await run('brown-out', 1, busy))
    expect(shed).toBeGreaterThan(1.25 * successOf(await run('brown-out-late', 1, busy)))
  })

  it('sends fewer retries with a budget while hardly any job is done, and answers as many requests', async () => {
    const size = { ...fleet, devices: 4, workers: 2, requestsPerSecond: 60 }
    const [bounded, unlimited] = [
      await run('standstill', 1, size),
      await run('standstill-unlimited', 1, size),
    ]
    expect(unlimited.amplification).toBeGreaterThan(1.2 * bounded.amplification)
    expect(bounded.responded).toBeGreaterThan(0.95 * unlimited.responded)
  })

  it('gives up a job that ends every worker', async () => {
    const { timedOut, offered, responded } = await run('poison-request')
    expect(timedOut).toBeGreaterThanOrEqual(1)
    expect(responded / offered).toBeGreaterThan(0.9)
  })
})

describe('scenarios', () => {
  it('are compared to others that exist', () => {
    const compared = scenarios.flatMap(({ comparedTo = [] }) => comparedTo)
    expect(compared).toEqual(['fail-over', 'brown-out', 'standstill', 'overload'])
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(compared))
  })
})

describe('readSettings', () => {
  it('reads scenarios and sizes', () => {
    const settings = readSettings(['hot-key', 'brown-out', '--devices', '7', '--seeds', '2'])
    expect(settings).toMatchObject({ devices: 7, seeds: [1, 2], isReal: false, isSaving: false })
    expect(settings !== 'help' && settings.scenarios.map(({ name }) => name)).toEqual([
      'brown-out',
      'hot-key',
    ])
  })

  it('leaves out the scenarios that a real broker cannot play', () => {
    const settings = readSettings(['--real'])
    expect(settings !== 'help' && settings.scenarios.map(({ name }) => name)).not.toContain('region-cut')
  })

  it.each([
    [['hot-kye'], /there is no scenario hot-kye: it must be one of broker-restart, /],
    [['--devices', '0'], '--devices is 0: it must be a whole number above 0'],
    [['--seeds', '1.5'], '--seeds is 1.5: it must be a whole number above 0'],
    [['--real', '--devices', '501'], '--devices is 501: with --real it must be at most 500'],
  ])('refuses %j', (args, message) => {
    expect(() => readSettings(args)).toThrow(message)
  })
})
