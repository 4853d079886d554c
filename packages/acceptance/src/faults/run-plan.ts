import { setTimeout as wait } from 'node:timers/promises'
import { injectFault } from './inject-fault.js'
import { sharedNow } from './run/ledger.js'
import { requesterNames, responderNames, type ScheduledFault, type Plan } from './run/plan.js'
import { randomFrom } from './random.js'
import type { Evidence, FaultRecord } from './verdict.js'
import { startTestSystem, type TestSystem } from './test-system.js'

/** Milliseconds a process may take to finish, beyond the timeout of a request. */
const finishAllowance = 10_000

/**
 * Runs a plan with real processes in an empty folder, and returns the evidence to judge it by; with `isWatched`, together
 * with what the inspector shows.
 */
export async function runPlan(plan: Plan, folder: string, isWatched: boolean): Promise<Evidence> {
  const system = await startTestSystem(plan, folder, isWatched)
  try {
    const { peers, unexpectedExits, ledgers, inspect } = system
    const start = sharedNow()
    for (const name of requesterNames) peers[name].send('load')
    const faults = plan.faults.map((fault) => injectOnTime(fault, system, start, plan.seed))
    await wait(plan.loadDuration)
    const records = await Promise.all(faults)
    const loadDuration = sharedNow() - start
    const finishTimeout = plan.requestPolicy.timeout + finishAllowance
    const late = await finishAll(system, requesterNames, finishTimeout)
    const hung = await finishAll(system, responderNames, finishTimeout)
    return {
      plan,
      ledgers: ledgers(),
      inspected: await inspect(),
      faults: records,
      loadDuration,
      unexpectedExits: [
        ...unexpectedExits,
        ...[...late, ...hung].map((name) => `${name} did not finish within ${finishTimeout} ms`),
      ],
    }
  } finally {
    await system.stop()
  }
}

/** Waits for a fault's time, injects it, waits for its duration, and reverts it. */
async function injectOnTime(
  fault: ScheduledFault,
  system: TestSystem,
  start: number,
  seed: number,
): Promise<FaultRecord> {
  await wait(fault.at)
  const revert = await injectFault(fault, system, randomFrom(seed))
  const began = sharedNow() - start
  await wait(fault.duration)
  await revert()
  return { fault, began: start + began, ended: sharedNow() }
}

async function finishAll(
  { peers }: TestSystem,
  names: readonly (keyof TestSystem['peers'])[],
  timeout: number,
): Promise<readonly string[]> {
  const done = await Promise.all(names.map((name) => peers[name].finish(timeout)))
  return names.filter((_, index) => done[index] !== true)
}
