import { fileURLToPath } from 'node:url'
import type { FleetSettings } from './fleet/fleet-settings.js'
import { figuresOf, columns } from './report/figures.js'
import type { ScenarioResults, Subject } from './report/report.js'
import type { Result } from './record/result.js'
import { runScenario } from './run-scenario.js'
import type { Scenario } from './scenarios/scenario.js'
import type { Settings } from './settings.js'
import { virtualWorld } from './world/virtual-world.js'
import type { World } from './world/world.js'

/** A broker of the size of one Mosquitto on one core. */
const capacity = { connectionsPerSecond: 5_000, backlog: Infinity, messagesPerSecond: 40_000, latency: 5 }

const inRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** Makes the world of a run. */
export type MakeWorld = (scenario: Scenario, devices: number, seed: number) => World | Promise<World>

/** Returns a broker of the size of one Mosquitto, on virtual time. */
export const makeVirtualWorld: MakeWorld = (scenario, devices, seed) =>
  virtualWorld({ ...capacity, ...scenario.capacity?.(devices) }, seed)

/** Runs the scenarios of a command line, and prints their figures. */
export async function simulate(
  settings: Settings,
  makeWorld: MakeWorld,
): Promise<readonly ScenarioResults[]> {
  const runs: ScenarioResults[] = []
  for (const scenario of settings.scenarios) {
    const results: Result[] = []
    for (const seed of settings.seeds) {
      const began = performance.now()
      const { devices, requestsPerSecond } = settings
      const world = await makeWorld(scenario, devices, seed)
      const result = await runScenario(scenario, world, {
        seed,
        settings: sizeOf(devices, requestsPerSecond),
        onSecond: progress(`${scenario.name}, seed ${seed}`),
      })
      results.push(result)
      const seconds = Math.round((performance.now() - began) / 1_000)
      const memory = Math.round(process.memoryUsage.rss() / 2 ** 20)
      console.log(`${scenario.name}, seed ${seed}: ${seconds} s, ${memory} MiB`)
    }
    const figures = figuresOf(results)
    columns.forEach(({ title }, index) => console.log(`  ${title.padEnd(22)} ${figures[index]}`))
    runs.push({ scenario, results })
  }
  return runs
}

/** Returns a fleet with as many requesters and workers as devices and requests need. */
function sizeOf(devices: number, requestsPerSecond: number): Partial<FleetSettings> {
  const requesters = Math.max(1, Math.round(devices / 100))
  return { devices, requestsPerSecond, requesters, workers: Math.max(2, Math.round(requestsPerSecond / 50)) }
}

/** Returns the folder of a report, and what it is about. */
export function reportOf({ devices, requestsPerSecond, seeds, isSaving }: Settings): {
  readonly folder: string
  readonly subject: Subject
} {
  const folder = isSaving ? 'docs/simulation' : '.cache/simulation'
  return { folder: inRoot(folder), subject: { devices, requestsPerSecond, seeds: seeds.length } }
}

/** Shows the simulated seconds on a terminal, in one line that is overwritten. */
function progress(title: string): (second: number, seconds: number) => void {
  return (second, seconds) => {
    if (!process.stderr.isTTY) return
    process.stderr.write(second === seconds ? '\r\u001B[K' : `\r${title}: ${second} of ${seconds} s`)
  }
}
