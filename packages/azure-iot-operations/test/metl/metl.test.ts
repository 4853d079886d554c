import { describeWithFiles } from '@antiphon/workshop'
import { afterAll, expect, it } from 'vitest'
import { expectedFailures } from './expected.js'
import { metlFolder, metlSource, readCases, suites, type MetlCase, type SuiteName } from './metl-case.js'
import type { OpenWorld } from './metl-world.js'
import { openVirtualWorld } from './open-virtual-world.js'
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
  folder: 'Protocol' | 'SanityCheck',
  suite: SuiteName,
): Promise<ReadonlyMap<string, string | undefined>> {
  const results = new Map<string, string | undefined>()
  for (const metlCase of readCases(folder, suite)) {
    const failure = await runners[suite](openVirtualWorld, metlCase).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    results.set(metlCase.name, failure)
  }
  return results
}

describeWithFiles({ folder: metlFolder, source: metlSource }, 'METL at the port of the transport', () => {
  const passed: Record<string, number> = {}
  let total = 0
  let canaries = 0

  it.each(suites)('passes all cases of %s but the expected failures', async (suite) => {
    const results = await resultsOf('Protocol', suite)
    const failures = [...results].filter(([, failure]) => failure !== undefined)
    passed[suite] = results.size - failures.length
    total += results.size
    const expected = expectedFailures[suite]
    expect(failures.filter(([name]) => !expected.includes(name))).toEqual([])
    expect(failures.map(([name]) => name)).toEqual(expected)
  })

  it.each(suites)('passes only the canary among the sanity checks of %s', async (suite) => {
    const results = await resultsOf('SanityCheck', suite)
    const passing = [...results].filter(([, failure]) => failure === undefined).map(([name]) => name)
    expect(passing).toEqual([`${suite}Canary`])
    canaries += passing.length
  })

  afterAll(() => {
    const sum = Object.values(passed).reduce((all, count) => all + count, 0)
    const kinds = Object.entries(passed).map(([suite, count]) => `${suite} ${count}`)
    console.log(`METL ${sum} of ${total} (${kinds.join(', ')}), sanity ${canaries} of 4 canaries`)
  })
})
