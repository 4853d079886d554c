import { setTimeout as wait } from 'node:timers/promises'
import { inflict } from './inflict.js'
import { sharedNow } from './ledger.js'
import { requesterNames, responderNames, type Fault, type Plan } from './plan.js'
import { randomFrom } from './random.js'
import type { Evidence, FaultRecord } from './verdict.js'
import { raise, type World } from './world.js'

/** How long a requester may take to hear the last of its outcomes, beyond its own timeout. */
const lastWords = 10_000

/** Runs a plan with real processes in an empty folder, and returns what there is to judge it by. */
export async function conduct(plan: Plan, folder: string): Promise<Evidence> {
  const world = await raise(plan, folder)
  try {
    const { peers, deaths, ledgers } = world
    const start = sharedNow()
    for (const name of requesterNames) peers[name].tell('load')
    const faults = plan.faults.map((fault) => happen(fault, world, start, plan.seed))
    await wait(plan.loadFor)
    const records = await Promise.all(faults)
    const loadedFor = sharedNow() - start
    const within = plan.asking.timeout + lastWords
    const late = await finishAll(world, requesterNames, within)
    const hung = await finishAll(world, responderNames, within)
    return {
      plan,
      ledgers: ledgers(),
      faults: records,
      loadedFor,
      deaths: [...deaths, ...[...late, ...hung].map((name) => `${name} did not finish within ${within} ms`)],
    }
  } finally {
    await world.stop()
  }
}

/** Waits for a fault's time, does it, waits while it lasts, and makes it good. */
async function happen(fault: Fault, world: World, start: number, seed: number): Promise<FaultRecord> {
  await wait(fault.at)
  const heal = await inflict(fault, world, randomFrom(seed))
  const began = sharedNow() - start
  await wait(fault.lasts)
  await heal()
  return { fault, began: start + began, ended: sharedNow() }
}

async function finishAll(
  { peers }: World,
  names: readonly (keyof World['peers'])[],
  within: number,
): Promise<readonly string[]> {
  const done = await Promise.all(names.map((name) => peers[name].finish(within)))
  return names.filter((_, index) => done[index] !== true)
}
