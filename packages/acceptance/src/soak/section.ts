import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { reservePort } from '@antiphon/workshop'
import type { Outcome, Section, SectionContext } from '../frame/section.js'
import { bundlePath, bundleProcesses } from '../process/bundle.js'
import { ManagedProcess } from '../process/managed-process.js'
import { stateFolder } from '../process/state-folder.js'
import { metricsOf, type Metric, type LoadPeriod, type ProcessSamples } from './judge.js'
import { renderSoak } from './render.js'
import { readSamples, sampleTime } from './sample.js'

/** The outcome of the soak. */
export interface SoakOutcome extends Outcome {
  readonly samples: readonly ProcessSamples[]
  readonly metrics: readonly Metric[]
}

const names = ['broker', 'responder', 'requester'] as const
const processes = names.map((name) => new URL(`./processes/${name}.ts`, import.meta.url))
const sampleCount = 60

/** Runs a steady load: the memory and resources of a process must not grow with the work done. */
export const soak: Section<SoakOutcome> = {
  name: 'soak',
  title: 'Soak: no growth under a steady load',
  options: {
    'soak-minutes': { about: 'minutes of load', usual: 2, smoke: 0.07 },
    'soak-rate': { about: 'requests a second', usual: 500, smoke: 100 },
  },
  run,
  render: renderSoak,
}

async function run({ folder, number, progress }: SectionContext): Promise<SoakOutcome> {
  const milliseconds = number('soak-minutes') * 60_000
  const rate = number('soak-rate')
  await bundleProcesses('soak', processes)
  const unexpectedExits: string[] = []
  const data = stateFolder()
  const { port, release } = await reservePort()
  const samplePeriod = Math.max(250, milliseconds / sampleCount)
  const sampleFile = (name: string): string => join(folder, `${name}.jsonl`)
  const programs = names.map(
    (name) =>
      new ManagedProcess({
        name,
        file: bundlePath('soak', name),
        role: () => ({ port, data, samples: sampleFile(name), samplePeriod, rate }),
        execArgv: ['--expose-gc'],
        log: join(folder, `${name}.log`),
        onUnexpectedExit: (description) => unexpectedExits.push(description),
      }),
  )
  let load: LoadPeriod
  try {
    for (const program of programs) await program.start()
    for (const program of programs) program.send('load')
    const from = sampleTime()
    for (let share = 0; share < 1; share += samplePeriod / milliseconds) {
      progress(
        share,
        `${Math.round((share * milliseconds) / 1_000)} of ${Math.round(milliseconds / 1_000)} s`,
      )
      await wait(samplePeriod)
    }
    load = { from, until: sampleTime(), requestsPerMinute: rate * 60 }
    for (const program of [...programs].reverse())
      if (!(await program.finish())) unexpectedExits.push(`${program.name} did not finish`)
  } finally {
    for (const program of programs) await program.kill()
    release()
    await rm(data, { recursive: true, force: true })
  }
  const allSamples = names.map((process) => ({ process, samples: readSamples(sampleFile(process)) }))
  const metrics = allSamples.flatMap((processSamples) => metricsOf(processSamples, load))
  return { ...summaryOf(allSamples, metrics, unexpectedExits), samples: allSamples, metrics }
}

function summaryOf(
  samples: readonly ProcessSamples[],
  metrics: readonly Metric[],
  unexpectedExits: readonly string[],
): Pick<SoakOutcome, 'figures' | 'failures' | 'notRun'> {
  const last = (process: string, name: string): number =>
    samples.find((processSamples) => processSamples.process === process)?.samples.at(-1)?.counters[name] ?? 0
  const unanswered = last('requester', 'sent') - last('requester', 'answered')
  const failed = last('requester', 'failed')
  return {
    figures: [
      { name: 'requests', value: last('requester', 'answered').toLocaleString('en') },
      ...samples.map(({ process, samples }) => ({
        name: `heap of the ${process}, before and after`,
        value: `${megabytes(samples[0]?.heap)} → ${megabytes(samples.at(-1)?.heap)} MB`,
      })),
    ],
    failures: [
      ...unexpectedExits,
      ...metrics.filter(({ isFlat }) => isFlat === false).map(growthOf),
      ...(failed > 0 ? [`${failed} exchanges failed`] : []),
      ...(unanswered > failed ? [`${unanswered} requests had no response when the link was closed`] : []),
    ],
    notRun: [],
  }
}

function growthOf({ process, name, trend, bound }: Metric): string {
  const grows = `grows by ${trend.slope.toFixed(1)} ± ${trend.uncertainty.toFixed(1)} a minute`
  return `${process}: ${name} ${grows}; the bound is ${bound}`
}

function megabytes(bytes = NaN): string {
  return (bytes / 2 ** 20).toFixed(1)
}
