import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '@antiphon/workshop'
import type { Outcome, Section, Setting } from '../frame/section.js'
import { bundled, bundleProcesses } from '../process/bundle.js'
import { Program } from '../process/program.js'
import { stateFolder } from '../process/state-folder.js'
import { coursesOf, type Course, type Load, type Track } from './judge.js'
import { renderSoak } from './render.js'
import { readSamples, sampleClock } from './sample.js'

/** What the soak hands back. */
export interface SoakOutcome extends Outcome {
  readonly tracks: readonly Track[]
  readonly courses: readonly Course[]
}

const names = ['broker', 'responder', 'requester'] as const
const processes = names.map((name) => new URL(`./processes/${name}.ts`, import.meta.url))
const samplesInAll = 60

/** A steady load for a while: what a process holds must not grow with what it has done. */
export const soak: Section<SoakOutcome> = {
  name: 'soak',
  title: 'Soak: nothing left behind',
  options: {
    'soak-minutes': { about: 'how long', usual: 2, smoke: 0.07 },
    'soak-rate': { about: 'requests a second', usual: 500, smoke: 100 },
  },
  run,
  render: renderSoak,
}

async function run({ folder, number, progress }: Setting): Promise<SoakOutcome> {
  const milliseconds = number('soak-minutes') * 60_000
  const rate = number('soak-rate')
  await bundleProcesses('soak', processes)
  const deaths: string[] = []
  const data = stateFolder()
  const port = await freePort()
  const every = Math.max(250, milliseconds / samplesInAll)
  const samples = (name: string): string => join(folder, `${name}.jsonl`)
  const programs = names.map(
    (name) =>
      new Program({
        name,
        file: bundled('soak', name),
        role: () => ({ port, data, samples: samples(name), every, rate }),
        execArgv: ['--expose-gc'],
        log: join(folder, `${name}.log`),
        died: (how) => deaths.push(how),
      }),
  )
  let load: Load
  try {
    for (const program of programs) await program.start()
    for (const program of programs) program.tell('load')
    const from = sampleClock()
    for (let share = 0; share < 1; share += every / milliseconds) {
      progress(
        share,
        `${Math.round((share * milliseconds) / 1_000)} of ${Math.round(milliseconds / 1_000)} s`,
      )
      await wait(every)
    }
    load = { from, until: sampleClock(), requestsAMinute: rate * 60 }
    for (const program of [...programs].reverse())
      if (!(await program.finish())) deaths.push(`${program.name} did not finish`)
  } finally {
    for (const program of programs) await program.kill()
    await rm(data, { recursive: true, force: true })
  }
  const tracks = names.map((who) => ({ who, samples: readSamples(samples(who)) }))
  const courses = tracks.flatMap((track) => coursesOf(track, load))
  return { ...summaryOf(tracks, courses, deaths), tracks, courses }
}

function summaryOf(
  tracks: readonly Track[],
  courses: readonly Course[],
  deaths: readonly string[],
): Pick<SoakOutcome, 'figures' | 'failures' | 'notRun'> {
  const last = (who: string, name: string): number =>
    tracks.find((track) => track.who === who)?.samples.at(-1)?.own[name] ?? 0
  const unanswered = last('requester', 'asked') - last('requester', 'answered')
  const failed = last('requester', 'failed')
  return {
    figures: [
      { name: 'requests', value: last('requester', 'answered').toLocaleString('en') },
      ...tracks.map(({ who, samples }) => ({
        name: `${who}’s heap, before and after`,
        value: `${megabytes(samples[0]?.heap)} → ${megabytes(samples.at(-1)?.heap)} MB`,
      })),
    ],
    failures: [
      ...deaths,
      ...courses.filter(({ isFlat }) => isFlat === false).map(growthOf),
      ...(failed > 0 ? [`${failed} exchanges failed`] : []),
      ...(unanswered > failed ? [`${unanswered} requests had no answer when the link was closed`] : []),
    ],
    notRun: [],
  }
}

function growthOf({ who, what, trend, bound }: Course): string {
  const grows = `grows by ${trend.slope.toFixed(1)} ± ${trend.doubt.toFixed(1)} a minute`
  return `${who}: ${what} ${grows}; it may grow by ${bound}`
}

function megabytes(bytes = NaN): string {
  return (bytes / 2 ** 20).toFixed(1)
}
