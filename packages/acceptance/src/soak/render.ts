import { html, type Html } from '../report/html.js'
import { linePlot } from '../report/plot.js'
import { table } from '../report/table.js'
import type { Course, Track } from './judge.js'
import type { Sample } from './sample.js'
import type { SoakOutcome } from './section.js'

/** Shows what the processes held over time. */
export function renderSoak({ tracks, courses }: SoakOutcome): Html {
  return html`<p>
      A broker with its durable store, a responder and a requester, a process each. Beside the steady
      questions there are streams to their end and left early, questions out of time and called off, and
      clients that come and go. After the first third, a number is flat when the line that fits it best does
      not rise by more than its bound, its doubt (three standard errors) taken off. The last point of each
      line stands after the links were closed.
    </p>
    ${linePlot(
      { title: 'Heap after a collection', x: 'seconds', y: 'MB' },
      seriesOf(tracks, ({ heap }) => heap / 2 ** 20),
    )}
    ${linePlot(
      { title: 'Resident memory', x: 'seconds', y: 'MB' },
      seriesOf(tracks, ({ resident }) => resident / 2 ** 20),
    )}
    ${linePlot({ title: 'Sockets, timers and whatever else keeps a process alive', x: 'seconds', y: 'count' }, seriesOf(tracks, handles))}
    ${linePlot({ title: 'Sessions and subscriptions at the broker', x: 'seconds', y: 'count' }, ownSeries(tracks, ['sessions', 'subscriptions']))}
    ${table(['process', 'what', 'usual', 'growth a minute', 'doubt', 'bound', ''], courses.map(rowOf))}`
}

function seriesOf(tracks: readonly Track[], value: (sample: Sample) => number) {
  return tracks.map(({ who, samples }) => ({ name: who, points: pointsOf(samples, value) }))
}

function ownSeries(tracks: readonly Track[], names: readonly string[]) {
  const samples = tracks.find(({ who }) => who === 'broker')?.samples ?? []
  return names.map((name) => ({ name, points: pointsOf(samples, ({ own }) => own[name] ?? 0) }))
}

function pointsOf(samples: readonly Sample[], value: (sample: Sample) => number) {
  const start = samples[0]?.at ?? 0
  return samples.map((sample) => [(sample.at - start) / 1_000, value(sample)] as const)
}

function handles({ resources }: Sample): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0)
}

function rowOf({ who, what, unit, usual, trend, bound, isFlat }: Course): readonly (string | number)[] {
  const shown = (value: number): string =>
    unit === 'bytes' ? `${(value / 1_024).toFixed(1)} kB` : value.toFixed(1)
  return [who, what, shown(usual), shown(trend.slope), shown(trend.doubt), shown(bound), shownVerdict(isFlat)]
}

function shownVerdict(isFlat: Course['isFlat']): string {
  if (isFlat === true) return 'flat'
  return isFlat === false ? 'grows' : isFlat
}
