import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NotRun, Outcome, Section, Setting } from '../frame/section.js'
import { bundleProcesses } from '../process/bundle.js'
import { conduct } from './conduct.js'
import { figuresOf } from './figures.js'
import { lacking } from './ground/abilities.js'
import { describePlan, type Plan } from './plan.js'
import { renderFaults } from './render.js'
import { planOf, usualRate } from './schedule.js'
import { tallied } from './tallied.js'
import { judge, type Verdict } from './verdict.js'

/** One run and what came of it. */
export interface RunRecord {
  readonly plan: Plan
  readonly seconds: number
  readonly verdict: Verdict
}

/** What the fault bench hands back. */
export interface FaultsOutcome extends Outcome {
  readonly runs: readonly RunRecord[]
}

/** What the smoke part runs: a broker killed with its store and then a responder, and a responder killed over Mosquitto. */
const smokeSeeds = [32, 17]

const processes = ['requester', 'responder', 'broker'].map(
  (name) => new URL(`./processes/${name}.ts`, import.meta.url),
)

/** Breaches of one run that are told in full. */
const shownBreaches = 3

/** Requesters, responders and a broker under seeded faults; their ledgers are compared at the end of each run. */
export const faults: Section<FaultsOutcome> = {
  name: 'faults',
  title: 'Faults: nothing lost, nothing twice',
  options: {
    'fault-runs': { about: 'how many seeded runs; the first has the seed of --seed', usual: 200, smoke: 2 },
    'fault-parallel': { about: 'how many of them at once', usual: 2, smoke: 2 },
    'fault-rate': { about: 'requests a second, in each run', usual: usualRate, smoke: 100 },
  },
  run,
  render: renderFaults,
}

async function run({ seed, isSmoke, folder, number, progress }: Setting): Promise<FaultsOutcome> {
  const count = number('fault-runs')
  const seeds = isSmoke
    ? smokeSeeds.slice(0, count)
    : Array.from({ length: count }, (_, index) => seed + index)
  const plans = seeds.map((each) => planOf(each, number('fault-rate')))
  const todo = plans.filter((plan) => lacking(plan).length === 0)
  await bundleProcesses('faults', processes)
  const runs: RunRecord[] = []
  const queue = [...todo]
  const work = async (): Promise<void> => {
    for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) {
      runs.push(await runOne(plan, join(folder, String(plan.seed))))
      progress(
        runs.length / todo.length,
        `${runs.length} of ${todo.length} runs; last was ${describePlan(plan)}`,
      )
    }
  }
  await Promise.all(Array.from({ length: number('fault-parallel') }, work))
  runs.sort((one, other) => one.plan.seed - other.plan.seed)
  return {
    figures: figuresOf(runs),
    failures: runs.flatMap(failureOf),
    notRun: notRunOf(plans),
    runs,
  }
}

async function runOne(plan: Plan, folder: string): Promise<RunRecord> {
  await mkdir(folder, { recursive: true })
  const start = performance.now()
  const verdict = await conduct(plan, folder).then(judge, (error: unknown) => brokenOff(plan, error))
  // What a good run wrote need not be kept; what a bad one wrote is looked into.
  if (verdict.breaches.length === 0) await rm(folder, { recursive: true, force: true })
  return { plan, seconds: (performance.now() - start) / 1_000, verdict }
}

/** A run that came to no end is one that failed, and the others go on. */
function brokenOff(plan: Plan, error: unknown): Verdict {
  const detail = error instanceof Error ? error.message : String(error)
  return judge({ plan, ledgers: [], faults: [], loadedFor: plan.loadFor, deaths: [detail] })
}

function failureOf({ plan, verdict: { breaches } }: RunRecord): readonly string[] {
  if (breaches.length === 0) return []
  const rules = Object.entries(tallied(breaches.map(({ rule }) => rule)))
  const broken = rules.map(([rule, times]) => `${times} × not “${rule}”`).join(', ')
  const examples = breaches.slice(0, shownBreaches).map(({ detail }) => detail)
  const again = `pnpm acceptance faults --seed ${plan.seed} --fault-runs 1`
  return [`${describePlan(plan)}: ${broken}. ${examples.join('. ')}. Again: ${again}`]
}

function notRunOf(plans: readonly Plan[]): readonly NotRun[] {
  const missing = new Map<string, NotRun & { readonly runs: number }>()
  for (const each of plans.flatMap(lacking))
    missing.set(each.what, { ...each, runs: (missing.get(each.what)?.runs ?? 0) + 1 })
  return [...missing.values()].map(({ what, remedy, runs }) => ({ what: `${runs} ${what}`, remedy }))
}
