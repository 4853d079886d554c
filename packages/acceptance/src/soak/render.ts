import { figure, html, lineChart, table, type Html, type Series } from '@antiphon/report'
import type { Course, Track } from './judge.js'
import type { Sample } from './sample.js'
import type { SoakOutcome } from './section.js'

/** Shows what the processes held over time. */
export function renderSoak({ tracks, courses }: SoakOutcome): Html {
  return html`<p>
      A broker with its durable store, a responder and a requester, a process each. Beside the steady requests
      there are streams read to their end and streams left early, requests that time out and requests that are
      cancelled, and clients that connect and disconnect. After the first third, a number is flat if its
      best-fitting line, less its doubt (three standard errors), does not rise by more than its bound. The
      last point of each line was taken after the links were closed.
    </p>
    <div class="charts">
      ${course(
        'Heap after a garbage collection',
        'MB',
        seriesOf(tracks, ({ heap }) => heap / 2 ** 20),
      )}
      ${course(
        'Resident memory',
        'MB',
        seriesOf(tracks, ({ resident }) => resident / 2 ** 20),
      )}
      ${course('Sockets, timers and other active resources', 'count', seriesOf(tracks, handles))}
      ${course('Sessions and subscriptions at the broker', 'count', ownSeries(tracks, ['sessions', 'subscriptions']))}
    </div>
    ${table(['process', 'what', 'usual', 'growth a minute', 'doubt', 'bound', ''], courses.map(rowOf))}`
}

function course(title: string, y: string, series: readonly Series[]): Html {
  return figure(lineChart({ title, x: 'seconds', y, scale: 'linear', series }))
}

function seriesOf(tracks: readonly Track[], value: (sample: Sample) => number): Series[] {
  return tracks.map(({ who, samples }) => ({ name: who, points: pointsOf(samples, value) }))
}

function ownSeries(tracks: readonly Track[], names: readonly string[]): Series[] {
  const samples = tracks.find(({ who }) => who === 'broker')?.samples ?? []
  return names.map((name) => ({ name, points: pointsOf(samples, ({ own }) => own[name] ?? 0) }))
}

function pointsOf(samples: readonly Sample[], value: (sample: Sample) => number): Series['points'] {
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
