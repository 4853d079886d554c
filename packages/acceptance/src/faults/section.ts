import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { NotRun, Outcome, Section, SectionContext } from '../frame/section.js'
import { bundleProcesses } from '../process/bundle.js'
import { runPlan } from './run-plan.js'
import { figuresOf } from './figures.js'
import { unmetRequirements } from './requirements.js'
import { describePlan, type Plan } from './run/plan.js'
import { renderFaults } from './render.js'
import { planOf, usualRate } from './schedule.js'
import { countOccurrences } from './count-occurrences.js'
import { judge, type Verdict } from './verdict.js'

/** A run with its verdict. */
export interface RunRecord {
  readonly plan: Plan
  readonly seconds: number
  readonly verdict: Verdict
}

/** The outcome of the fault bench. */
export interface FaultsOutcome extends Outcome {
  readonly runs: readonly RunRecord[]
}

/** The seeds of the smoke part: a responder and then the broker killed, and a responder killed over Mosquitto. */
const smokeSeeds = [1225, 52]

const processes = ['requester', 'responder', 'broker'].map(
  (name) => new URL(`./processes/${name}.ts`, import.meta.url),
)

/** The number of breaches that a failure quotes. */
const shownBreaches = 3

/** Runs requesters, responders and a broker under seeded faults, and compares their ledgers after each run. */
export const faults: Section<FaultsOutcome> = {
  name: 'faults',
  title: 'Faults: no request lost or handled twice',
  options: {
    'fault-runs': {
      about: 'number of runs; the first has the seed of --seed, the next one more',
      usual: 200,
      smoke: 2,
    },
    'fault-parallel': { about: 'runs at the same time', usual: 2, smoke: 2 },
    'fault-watched': {
      about: 'number of runs that the inspector watches; its exchanges are compared with the ledgers',
      usual: 200,
      smoke: 2,
    },
    'fault-rate': { about: 'requests a second, in each run', usual: usualRate, smoke: 100 },
  },
  run,
  render: renderFaults,
}

async function run({ seed, isSmoke, folder, number, progress }: SectionContext): Promise<FaultsOutcome> {
  const count = number('fault-runs')
  const seeds = isSmoke
    ? smokeSeeds.slice(0, count)
    : Array.from({ length: count }, (_, index) => seed + index)
  const plans = seeds.map((runSeed) => planOf(runSeed, number('fault-rate')))
  const possible = plans.filter((plan) => unmetRequirements(plan).length === 0)
  await bundleProcesses('faults', processes)
  const runs: RunRecord[] = []
  const queue = [...possible]
  const watched = new Set(possible.slice(0, number('fault-watched')))
  const work = async (): Promise<void> => {
    for (let plan = queue.shift(); plan !== undefined; plan = queue.shift()) {
      runs.push(await runOne(plan, join(folder, String(plan.seed)), watched.has(plan)))
      progress(
        runs.length / possible.length,
        `${runs.length} of ${possible.length} runs; the last was ${describePlan(plan)}`,
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

async function runOne(plan: Plan, folder: string, isWatched: boolean): Promise<RunRecord> {
  await mkdir(folder, { recursive: true })
  const start = performance.now()
  const verdict = await runPlan(plan, folder, isWatched).then(judge, (error: unknown) =>
    toFailedRun(plan, error),
  )
  // The files of a failed run are kept for inspection.
  if (verdict.breaches.length === 0) await rm(folder, { recursive: true, force: true })
  return { plan, seconds: (performance.now() - start) / 1_000, verdict }
}

/** Returns the verdict of a run that threw, so that the other runs continue. */
function toFailedRun(plan: Plan, error: unknown): Verdict {
  const detail = error instanceof Error ? error.message : String(error)
  return judge({ plan, ledgers: [], faults: [], loadDuration: plan.loadDuration, unexpectedExits: [detail] })
}

function failureOf({ plan, verdict: { breaches } }: RunRecord): readonly string[] {
  if (breaches.length === 0) return []
  const rules = Object.entries(countOccurrences(breaches.map(({ rule }) => rule)))
  const broken = rules.map(([rule, times]) => `${times} × violated: “${rule}”`).join(', ')
  const examples = breaches.slice(0, shownBreaches).map(({ detail }) => detail)
  const command = `pnpm acceptance faults --seed ${plan.seed} --fault-runs 1`
  return [`${describePlan(plan)}: ${broken}. ${examples.join('. ')}. Reproduce it by: ${command}`]
}

function notRunOf(plans: readonly Plan[]): readonly NotRun[] {
  const missing = new Map<string, NotRun & { readonly runs: number }>()
  for (const notRun of plans.flatMap(unmetRequirements))
    missing.set(notRun.what, { ...notRun, runs: (missing.get(notRun.what)?.runs ?? 0) + 1 })
  return [...missing.values()].map(({ what, remedy, runs }) => ({ what: `${runs} ${what}`, remedy }))
}
