import { Fleet } from './fleet/fleet.js'
import { type FleetSettings, usualFleet } from './fleet/fleet-settings.js'
import { seededRandom } from './fleet/random.js'
import { type Result, resultOf } from './record/result.js'
import { type Sample, timelineOf } from './record/timeline.js'
import type { Scenario } from './scenarios/scenario.js'
import type { World } from './world/world.js'

/** Called after each simulated second. */
export type OnSecond = (second: number, seconds: number) => void

/** The time that a fleet gets to connect before the load begins, in seconds. */
const CONNECTING = 30

/** Runs a scenario in a world, which it ends. */
export async function runScenario(
  scenario: Scenario,
  world: World,
  {
    seed,
    settings,
    onSecond,
  }: { readonly seed: number; readonly settings: Partial<FleetSettings>; readonly onSecond?: OnSecond },
): Promise<Result> {
  const fleet = new Fleet(world, { ...usualFleet, ...scenario.settings, ...settings }, seededRandom(seed))
  const sample = (): Sample => ({
    attempts: fleet.attempts,
    connects: fleet.connects,
    sent: fleet.sent,
    pending: fleet.log.pending,
    jobsAtWorkers: fleet.jobsAtWorkers,
  })
  const { disturbance, duration } = scenario
  const { timeout = 5_000 } = fleet.settings.request
  const seconds = duration + Math.ceil(timeout / 1_000)
  fleet.start()
  await world.runTo(CONNECTING * 1_000)

  const start = world.scheduler.now()
  const before = sample()
  const samples: Sample[] = []
  fleet.offerUntil(start + duration * 1_000)
  for (let second = 0; second < seconds; second += 1) {
    if (second === disturbance.start) scenario.start(fleet, world)
    if (second === disturbance.end) scenario.end?.(fleet, world)
    await world.runTo((CONNECTING + second + 1) * 1_000)
    samples.push(sample())
    onSecond?.(second + 1, seconds)
  }
  await world.end()
  const timeline = timelineOf(start, before, samples, fleet.log).slice(0, duration)
  return resultOf(seed, timeline, fleet.log, disturbance)
}
