import { connect } from '@antiphon/mqtt'
import type { Link } from '@antiphon/core'
import type { NotRun, Outcome, Section } from '../frame/section.js'
import { failuresOf, figuresOf } from './judge.js'
import type { Measure, MeasureContext, MeasureResult } from './measure/measure.js'
import { measures as allMeasures } from './measures.js'
import { renderMeasures } from './render.js'
import { testedBrokers, type RunningBroker, type TestedBroker } from './tested-brokers.js'

/** A measure with its result on one broker; `undefined` if the broker has no shared subscriptions. */
export interface MeasureRecord extends Pick<Measure, 'name' | 'design' | 'target' | 'isTimed'> {
  readonly broker: string
  readonly result?: MeasureResult
}

/** The outcome of the section. */
export interface MeasuresOutcome extends Outcome {
  readonly brokers: readonly string[]
  readonly records: readonly MeasureRecord[]
}

type Amounts = Pick<MeasureContext, 'items' | 'requests'>

const shortMeasures = allMeasures.filter(({ isLong = false }) => !isLong)
const longMeasures = allMeasures.filter(({ isLong = false }) => isLong)

/** Measures on each broker what the guide promises about acknowledgements, groups and stopping. */
export const measures: Section<MeasuresOutcome> = {
  name: 'measures',
  title: 'Measures: acknowledgement, groups and stopping',
  options: {
    'measure-brokers': {
      about: 'number of brokers: embedded, Mosquitto, RabbitMQ, ejabberd',
      usual: testedBrokers.length,
      smoke: 1,
    },
    'measure-items': { about: 'items of each stream', usual: 5_000, smoke: 200 },
    'measure-requests': { about: 'requests of each measure', usual: 1_000, smoke: 40 },
  },
  run: async ({ number, isSmoke, progress }) => {
    const brokers = testedBrokers.slice(0, number('measure-brokers'))
    const amounts = { items: number('measure-items'), requests: number('measure-requests') }
    const notRun: NotRun[] = []
    const records: Promise<readonly MeasureRecord[]>[] = []
    for (const [index, broker] of brokers.entries()) {
      const missing = broker.requirement('the measures')
      if (missing !== undefined) {
        notRun.push(missing)
        continue
      }
      const brokerProgress = (share: number, text: string): void =>
        progress((index + share) / brokers.length, `${broker.name}: ${text}`)
      const running = await broker.start((text) => brokerProgress(0, text))
      const selected = shortMeasures.filter(({ isLeftOutOfSmoke = false }) => !(isSmoke && isLeftOutOfSmoke))
      const short = await measureOn(broker, running, amounts, selected, brokerProgress)
      // Measures that take minutes and hardly any CPU time run beside those on the next broker.
      const long = measureOn(broker, running, amounts, longMeasures, () => undefined)
      records.push(long.then((more) => [...short, ...more]).finally(running.stop))
    }
    progress(0.99, 'the last streams')
    const all = (await Promise.all(records)).flat()
    return {
      figures: figuresOf(all),
      failures: failuresOf(all, isSmoke),
      notRun,
      brokers: [...new Set(all.map(({ broker }) => broker))],
      records: all,
    }
  },
  render: renderMeasures,
}

async function measureOn(
  { name: broker, hasGroups }: TestedBroker,
  running: RunningBroker,
  amounts: Amounts,
  selected: readonly Measure[],
  progress: (share: number, text: string) => void,
): Promise<readonly MeasureRecord[]> {
  const records: MeasureRecord[] = []
  for (const [index, measure] of selected.entries()) {
    const { name, design, target, isTimed = false, needsGroups } = measure
    progress(index / selected.length, name)
    const result = hasGroups || !needsGroups ? { result: await runMeasure(measure, running, amounts) } : {}
    records.push({ name, design, target, isTimed, broker, ...result })
  }
  return records
}

/** Runs a measure; a measure that throws is missed. */
async function runMeasure(
  { run }: Measure,
  { url }: RunningBroker,
  amounts: Amounts,
): Promise<MeasureResult> {
  const links: Link[] = []
  try {
    return await run({
      ...amounts,
      url,
      connect: (clientId, options) => {
        const link = connect(url, { clientId, ...options })
        links.push(link)
        return link
      },
    })
  } catch (error) {
    return { value: error instanceof Error ? error.message : String(error), isMet: false }
  } finally {
    await Promise.all(links.map((link) => link.close()))
  }
}
