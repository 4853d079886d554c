import { afterAll, describe, expect, it } from 'vitest'
import { expectedFailures, type Level } from './expected.js'
import { readCases, suites, type MetlCase, type SuiteName } from './metl-case.js'
import type { OpenWorld } from './metl-world.js'
import { runExecutorCase } from './run-executor-case.js'
import { runInvokerCase } from './run-invoker-case.js'
import { runReceiverCase } from './run-receiver-case.js'
import { runSenderCase } from './run-sender-case.js'

const runners: Readonly<Record<SuiteName, (openWorld: OpenWorld, metlCase: MetlCase) => Promise<void>>> = {
  CommandInvoker: runInvokerCase,
  CommandExecutor: runExecutorCase,
  TelemetrySender: runSenderCase,
  TelemetryReceiver: runReceiverCase,
}

/** Runs cases; returns why each of them fails, or `undefined`, by name. */
async function resultsOf(
  openWorld: OpenWorld,
  folder: 'Protocol' | 'SanityCheck',
  suite: SuiteName,
): Promise<ReadonlyMap<string, string | undefined>> {
  const results = new Map<string, string | undefined>()
  for (const metlCase of readCases(folder, suite)) {
    const failure = await runners[suite](openWorld, metlCase).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    results.set(metlCase.name, failure)
  }
  return results
}

/** Registers the tests of a level. `openWorld` is called when the tests run. */
export function describeLevel(level: Level, openWorld: () => OpenWorld): void {
  describe(level, () => {
    const passed: Record<string, number> = {}
    let total = 0
    let canaries = 0

    it.each(suites)('passes all cases of %s but the expected failures', async (suite) => {
      const results = await resultsOf(openWorld(), 'Protocol', suite)
      const failures = [...results].filter(([, failure]) => failure !== undefined)
      passed[suite] = results.size - failures.length
      total += results.size
      const expected = Object.keys(expectedFailures[level]).filter((name) => results.has(name))
      expect(failures.filter(([name]) => !expected.includes(name))).toEqual([])
      expect(failures.map(([name]) => name)).toEqual(expected)
    })

    it.each(suites)('passes only the canary among the sanity checks of %s', async (suite) => {
      const results = await resultsOf(openWorld(), 'SanityCheck', suite)
      const passing = [...results].filter(([, failure]) => failure === undefined).map(([name]) => name)
      expect(passing).toEqual([`${suite}Canary`])
      canaries += passing.length
    })

    afterAll(() => {
      const sum = Object.values(passed).reduce((all, count) => all + count, 0)
      const kinds = Object.entries(passed).map(([suite, count]) => `${suite} ${count}`)
      console.log(`METL ${level}: ${sum} of ${total} (${kinds.join(', ')}), sanity ${canaries} of 4 canaries`)
    })
  })
}
