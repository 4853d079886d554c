import { contestants, toEntrant } from './entrants.js'
import { describeMachine } from './machine.js'
import { bundleContestants, bundlePeers } from './processes/bundle.js'
import { installContestants } from './processes/install.js'
import { estimate, secondsOf, startProgress } from './progress.js'
import { soundnessOf } from './report/soundness.js'
import { toText, withRow } from './report/table.js'
import type { Result, RowResult } from './result.js'
import { run } from './runner.js'
import { drawAgain, finish, saveResult } from './save.js'
import { allScenarios, isWanted } from './scenarios/all.js'
import { brokers } from './scenarios/brokers.js'
import { settingsFrom, type Settings } from './settings.js'

const settings = settingsFrom(process.argv.slice(2))
if (settings.isReportOnly) {
  drawAgain()
} else {
  const result = await measure(settings)
  finish(result)
  const { isSound, note } = soundnessOf(result)
  console.log(note)
  process.exitCode = isSound ? 0 : 1
}

/** Runs everything that is wanted, and keeps each row as soon as it is there. */
async function measure(wanted: Settings): Promise<Result> {
  const { isShort, isForeignWanted, only, rounds } = wanted
  await bundlePeers()
  if (isForeignWanted) {
    installContestants()
    await bundleContestants()
  }
  const scenarios = allScenarios(wanted)
  const isWithBrokers = !isShort && isWanted(wanted, 'brokers', '')
  const began = performance.now()
  let known: Result = {
    mode: isShort ? 'short' : only.length > 0 || !isForeignWanted ? 'partial' : 'full',
    startedAt: new Date().toISOString(),
    seconds: 0,
    rounds,
    machine: describeMachine(),
    entrants: contestants.filter(({ isForeign }) => isForeignWanted || !isForeign).map(toEntrant),
    sections: [],
  }
  const keep = (section: { readonly section: string; readonly about: string }, row: RowResult): void => {
    progress.clear()
    console.log(`${toText(row)}\n`)
    const seconds = Math.round((performance.now() - began) / 1_000)
    known = { ...known, seconds, sections: withRow(known.sections, section, row) }
    saveResult(known)
  }
  const count = scenarios.reduce((sum, { rows }) => sum + rows.length, isWithBrokers ? 1 : 0)
  const progress = startProgress(count, estimate(scenarios, rounds) + (isWithBrokers ? 90 : 0))
  for (const scenario of scenarios) {
    await run(scenario, rounds, {
      measuring: (row, contestant, round) => progress.measuring(row.title, contestant, round),
      measured: (row, found) => {
        progress.advance(secondsOf(scenario, row, rounds))
        keep(scenario, found)
      },
    })
  }
  if (isWithBrokers) {
    progress.measuring('brokers', 'all of them', 1)
    for (const row of await brokers.rows()) keep(brokers, row)
  }
  progress.clear()
  return known
}
