import { guardProcesses } from '@antiphon/workshop/process-guard'

/** The variable that holds the process that is guarded: vitest runs a global set-up once per project. */
const variable = 'ANTIPHON_GUARDED'

/**
 * Guards a run of vitest, as its global set-up: no process of a test outlives the run, and a run that has to kill one fails.
 */
export default function guardRun(): (() => Promise<void>) | undefined {
  if (process.env[variable] === String(process.pid)) return undefined
  process.env[variable] = String(process.pid)
  const { ANTIPHON_EXIT_PERIOD: exitPeriod } = process.env
  const guard = guardProcesses(exitPeriod === undefined ? {} : { exitPeriod: Number(exitPeriod) })
  return async () => {
    const killed = await guard.stop()
    if (killed.length === 0) return
    console.error(`The tests left processes behind:\n${killed.map((command) => `  ${command}`).join('\n')}`)
    process.exitCode = 1
  }
}
