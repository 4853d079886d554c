import { guardProcesses } from '@antiphon/workshop/process-guard'
import { contestants, toContestantInfo } from './contestants.js'
import { describeMachine } from './machine.js'
import { bundleContestants, bundlePeers } from './processes/bundle.js'
import { installContestants } from './processes/install.js'
import { estimate, secondsOf, startProgress } from './progress.js'
import { soundnessOf } from './report/soundness.js'
import { toText, withRow } from './report/table.js'
import type { Result, RowResult } from './result.js'
import { run } from './runner.js'
import { redraw, finish, saveResult } from './save.js'
import { allScenarios, isSelected } from './scenarios/all.js'
import { brokers } from './scenarios/brokers.js'
import { settingsFrom, type Settings } from './settings.js'

// An interrupted or killed run leaves no broker or peer running.
guardProcesses()
// Each broker and peer of a row adds a listener for the exit.
process.setMaxListeners(0)

const settings = settingsFrom(process.argv.slice(2))
if (settings.isReportOnly) {
  redraw()
} else {
  const result = await measure(settings)
  finish(result)
  const { isSound, note } = soundnessOf(result)
  console.log(note)
  process.exitCode = isSound ? 0 : 1
}

/** Runs the selected scenarios, and saves each row as soon as it is complete. */
async function measure(options: Settings): Promise<Result> {
  const { isShort, includesForeign, only, rounds } = options
  await bundlePeers()
  if (includesForeign) {
    installContestants()
    await bundleContestants()
  }
  const scenarios = allScenarios(options)
  const isWithBrokers = !isShort && isSelected(options, 'brokers', '')
  const began = performance.now()
  let result: Result = {
    mode: isShort ? 'short' : only.length > 0 || !includesForeign ? 'partial' : 'full',
    startedAt: new Date().toISOString(),
    seconds: 0,
    rounds,
    machine: describeMachine(),
    contestants: contestants.filter(({ isForeign }) => includesForeign || !isForeign).map(toContestantInfo),
    sections: [],
  }
  const saveRow = (section: { readonly section: string; readonly about: string }, row: RowResult): void => {
    progress.clear()
    console.log(`${toText(row)}\n`)
    const seconds = Math.round((performance.now() - began) / 1_000)
    result = { ...result, seconds, sections: withRow(result.sections, section, row) }
    saveResult(result)
  }
  const count = scenarios.reduce((sum, { rows }) => sum + rows.length, isWithBrokers ? 1 : 0)
  const progress = startProgress(count, estimate(scenarios, rounds) + (isWithBrokers ? 90 : 0))
  for (const scenario of scenarios) {
    await run(scenario, rounds, {
      measuring: (row, contestant, round) => progress.measuring(row.title, contestant, round),
      measured: (row, rowResult) => {
        progress.advance(secondsOf(scenario, row, rounds))
        saveRow(scenario, rowResult)
      },
    })
  }
  if (isWithBrokers) {
    progress.measuring('brokers', 'all brokers', 1)
    for (const row of await brokers.rows()) saveRow(brokers, row)
  }
  progress.clear()
  return result
}
