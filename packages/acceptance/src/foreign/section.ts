import { html, table } from '@antiphon/report'
import { installCommands, isInstalled } from '@antiphon/workshop'
import type { NotRun, Outcome, Section } from '../frame/section.js'
import { interopCases, type InteropResult, type InteropCase } from './interop-cases.js'
import { brokers, startInteropSetup, type BrokerName } from './interop-setup.js'

/** A case with its broker and result. */
export interface InteropRecord extends InteropResult {
  readonly program: string
  readonly role: string
  readonly broker: BrokerName
}

/** The outcome of the section. */
export interface ForeignOutcome extends Outcome {
  readonly results: readonly InteropRecord[]
}

/** Runs programs that do not know Antiphon against it, as requesters and as responders, on both brokers. */
export const foreign: Section<ForeignOutcome> = {
  name: 'foreign',
  title: 'Foreign peers',
  options: {
    'foreign-brokers': { about: 'number of brokers: 1 embedded, 2 also Mosquitto', usual: 2, smoke: 0 },
  },
  run: async ({ number, progress }) => {
    const results: InteropRecord[] = []
    const notRun: NotRun[] = []
    const selected = brokers.slice(0, number('foreign-brokers'))
    for (const [index, broker] of selected.entries()) {
      for (const interopCase of interopCases) {
        const { program, role, requiredPrograms } = interopCase
        const missing = [
          ...requiredPrograms,
          ...(broker === 'Mosquitto' ? (['mosquitto'] as const) : []),
        ].filter((required) => !isInstalled(required))
        progress(index / selected.length, `${program} ${role} on ${broker}`)
        if (missing.length > 0)
          notRun.push({
            what: `${program} ${role} on ${broker}`,
            remedy: installCommands(missing)
              .map((command) => command.join(' '))
              .join(' && '),
          })
        else results.push({ program, role, broker, ...(await runOn(broker, interopCase)) })
      }
    }
    const passed = results.filter(({ actual, expected }) => actual === expected).length
    return {
      figures:
        results.length === 0 ? [] : [{ name: 'cases passed', value: `${passed} of ${results.length}` }],
      failures: results
        .filter(({ actual, expected }) => actual !== expected)
        .map(
          ({ program, role, broker, actual, expected }) =>
            `${program} ${role} on ${broker}: expected "${expected}", got "${actual}"`,
        ),
      notRun,
      results,
    }
  },
  render: ({ results }) =>
    html`${table(
      ['program', 'what it does', 'broker', 'result'],
      results.map(({ program, role, broker, actual }) => [program, role, broker, actual]),
    )}`,
}

async function runOn(broker: BrokerName, { run }: InteropCase): Promise<InteropResult> {
  const setup = await startInteropSetup(broker)
  try {
    return await run(setup)
  } catch (error) {
    return { actual: error instanceof Error ? error.message : String(error), expected: 'no error' }
  } finally {
    await setup.close()
  }
}
