import { html, table } from '@antiphon/report'
import { installCommands, isInstalled } from '@antiphon/workshop'
import type { NotRun, Outcome, Section } from '../frame/section.js'
import { meetings, type Exchanged, type Meeting } from './meetings.js'
import { brokers, setUp, type BrokerName } from './stage.js'

/** A meeting and what came of it. */
export interface MeetingRecord extends Exchanged {
  readonly who: string
  readonly role: string
  readonly broker: BrokerName
}

/** Whom we met. */
export interface ForeignOutcome extends Outcome {
  readonly met: readonly MeetingRecord[]
}

/** Programs that know nothing of us, in both roles, on both brokers. */
export const foreign: Section<ForeignOutcome> = {
  name: 'foreign',
  title: 'Foreign peers',
  options: { 'foreign-brokers': { about: 'on how many brokers: embedded, Mosquitto', usual: 2, smoke: 0 } },
  run: async ({ number, progress }) => {
    const met: MeetingRecord[] = []
    const notRun: NotRun[] = []
    const chosen = brokers.slice(0, number('foreign-brokers'))
    for (const [index, broker] of chosen.entries()) {
      for (const meeting of meetings) {
        const { who, role, needs } = meeting
        const missing = [...needs, ...(broker === 'Mosquitto' ? (['mosquitto'] as const) : [])].filter(
          (program) => !isInstalled(program),
        )
        progress(index / chosen.length, `${who} ${role} on ${broker}`)
        if (missing.length > 0)
          notRun.push({
            what: `${who} ${role} on ${broker}`,
            remedy: installCommands(missing)
              .map((command) => command.join(' '))
              .join(' && '),
          })
        else met.push({ who, role, broker, ...(await meetOn(broker, meeting)) })
      }
    }
    const kept = met.filter(({ got, wanted }) => got === wanted).length
    return {
      figures: met.length === 0 ? [] : [{ name: 'understood each other', value: `${kept} of ${met.length}` }],
      failures: met
        .filter(({ got, wanted }) => got !== wanted)
        .map(
          ({ who, role, broker, got, wanted }) => `${who} ${role} on ${broker}: "${got}" and not "${wanted}"`,
        ),
      notRun,
      met,
    }
  },
  render: ({ met }) =>
    html`${table(
      ['who', 'what it does', 'broker', 'what came out'],
      met.map(({ who, role, broker, got }) => [who, role, broker, got]),
    )}`,
}

async function meetOn(broker: BrokerName, { meet }: Meeting): Promise<Exchanged> {
  const stage = await setUp(broker)
  try {
    return await meet(stage)
  } catch (error) {
    return { got: error instanceof Error ? error.message : String(error), wanted: 'an exchange' }
  } finally {
    await stage.clear()
  }
}
