import { fileURLToPath } from 'node:url'
import type { FleetSettings } from './fleet/fleet-settings.js'
import { figuresOf, columns } from './report/figures.js'
import { type ScenarioResults, writeReport } from './report/report.js'
import type { Result } from './record/result.js'
import { runScenario } from './run-scenario.js'
import { type Settings, readSettings } from './settings.js'
import { mosquittoWorld } from './world/mosquitto-world.js'
import { virtualWorld } from './world/virtual-world.js'

/** A broker of the size of one Mosquitto on one core. */
const capacity = { connectionsPerSecond: 5_000, backlog: Infinity, messagesPerSecond: 40_000, latency: 5 }

const inRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

process.exitCode = await simulate(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  return 1
})

async function simulate(args: readonly string[]): Promise<number> {
  const settings = readSettings(args)
  if (settings === 'help') return 0
  const runs: ScenarioResults[] = []
  for (const scenario of settings.scenarios) {
    const results: Result[] = []
    for (const seed of settings.seeds) {
      const began = performance.now()
      const { devices, requestsPerSecond } = settings
      const world = settings.isReal
        ? await mosquittoWorld()
        : virtualWorld({ ...capacity, ...scenario.capacity?.(devices) }, seed)
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
  save(settings, runs)
  return 0
}

/** Returns a fleet with as many requesters and workers as devices and requests need. */
function sizeOf(devices: number, requestsPerSecond: number): Partial<FleetSettings> {
  const requesters = Math.max(1, Math.round(devices / 100))
  return { devices, requestsPerSecond, requesters, workers: Math.max(2, Math.round(requestsPerSecond / 50)) }
}

function save(
  { devices, requestsPerSecond, seeds, isSaving }: Settings,
  runs: readonly ScenarioResults[],
): void {
  const folder = isSaving ? 'docs/simulation' : '.cache/simulation'
  writeReport(inRoot(folder), { devices, requestsPerSecond, seeds: seeds.length }, runs)
  console.log(`${folder}/report.html`)
}

/** Shows the simulated seconds on a terminal, in one line that is overwritten. */
function progress(title: string): (second: number, seconds: number) => void {
  return (second, seconds) => {
    if (!process.stderr.isTTY) return
    process.stderr.write(second === seconds ? '\r\u001B[K' : `\r${title}: ${second} of ${seconds} s`)
  }
}
