import { runScenario } from './run-scenario.js'
import { scenarios } from './scenarios/index.js'
import { makeVirtualWorld } from './simulate.js'
import { Fleet } from './fleet/fleet.js'
import { usualFleet } from './fleet/fleet-settings.js'
import { seededRandom } from './fleet/random.js'

const DEVICES = 1_000

/** Prints what a simulation costs, as JSON: bytes of a connected device, and microseconds of CPU of a request. */
const [scenario] = scenarios
if (scenario === undefined) throw new Error('there is no scenario')

const bytesPerLink = await bytesOfDevices(DEVICES)
const settings = { devices: 100, requesters: 4, workers: 4, requestsPerSecond: 100 }
const before = process.cpuUsage()
const { offered } = await runScenario(scenario, await makeVirtualWorld(scenario, 100, 1), {
  seed: 1,
  settings,
})
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ bytesPerLink, microsecondsPerRequest: (user + system) / offered }))

async function bytesOfDevices(devices: number): Promise<number> {
  // Compiled code and shapes are shared by all links.
  const first = await connect(10)
  const before = usedMemory()
  const fleet = await connect(devices)
  const bytes = (usedMemory() - before) / devices
  if (first.connects + fleet.connects < devices)
    throw new Error('cannot measure: not all devices are connected')
  return bytes
}

async function connect(devices: number): Promise<Fleet> {
  if (scenario === undefined) throw new Error('there is no scenario')
  const world = await makeVirtualWorld(scenario, devices, 1)
  const fleet = new Fleet(world, { ...usualFleet, devices, requesters: 1, workers: 1 }, seededRandom(1))
  fleet.start()
  await world.runTo(10_000)
  return fleet
}

function usedMemory(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
