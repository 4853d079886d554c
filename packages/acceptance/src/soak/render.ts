import { figure, html, lineChart, table, type Html, type Series } from '@antiphon/report'
import type { Metric, ProcessSamples } from './judge.js'
import type { Sample } from './sample.js'
import type { SoakOutcome } from './section.js'

/** Renders the samples of the processes over time. */
export function renderSoak({ samples, metrics }: SoakOutcome): Html {
  return html`<p>
      A broker with its durable store, a responder and a requester, a process each. Beside the steady requests
      there are streams read to their end and streams unsubscribed early, requests that time out and requests
      that are cancelled, and clients that connect and disconnect. After the first third, a number counts as
      flat if the slope of its best-fitting line, minus its uncertainty (three standard errors), does not
      exceed its bound. The last point of each line was taken after the links were closed.
    </p>
    <div class="charts">
      ${chart(
        'Heap after a garbage collection',
        'MB',
        seriesOf(samples, ({ heap }) => heap / 2 ** 20),
      )}
      ${chart(
        'Resident memory',
        'MB',
        seriesOf(samples, ({ resident }) => resident / 2 ** 20),
      )}
      ${chart('Sockets, timers and other active resources', 'count', seriesOf(samples, handles))}
      ${chart('Sessions and subscriptions at the broker', 'count', brokerSeries(samples, ['sessions', 'subscriptions']))}
    </div>
    ${table(['process', 'number', 'median', 'growth a minute', 'uncertainty', 'bound', 'verdict'], metrics.map(rowOf))}`
}

function chart(title: string, y: string, series: readonly Series[]): Html {
  return figure(lineChart({ title, x: 'seconds', y, scale: 'linear', series }))
}

function seriesOf(samples: readonly ProcessSamples[], value: (sample: Sample) => number): Series[] {
  return samples.map(({ process, samples }) => ({ name: process, points: pointsOf(samples, value) }))
}

function brokerSeries(allSamples: readonly ProcessSamples[], names: readonly string[]): Series[] {
  const samples = allSamples.find(({ process }) => process === 'broker')?.samples ?? []
  return names.map((name) => ({ name, points: pointsOf(samples, ({ counters }) => counters[name] ?? 0) }))
}

function pointsOf(samples: readonly Sample[], value: (sample: Sample) => number): Series['points'] {
  const start = samples[0]?.at ?? 0
  return samples.map((sample) => [(sample.at - start) / 1_000, value(sample)] as const)
}

function handles({ resources }: Sample): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0)
}

function rowOf({ process, name, unit, median, trend, bound, isFlat }: Metric): readonly (string | number)[] {
  const shown = (value: number): string =>
    unit === 'bytes' ? `${(value / 1_024).toFixed(1)} kB` : value.toFixed(1)
  return [
    process,
    name,
    shown(median),
    shown(trend.slope),
    shown(trend.uncertainty),
    shown(bound),
    shownVerdict(isFlat),
  ]
}

function shownVerdict(isFlat: Metric['isFlat']): string {
  if (isFlat === true) return 'flat'
  return isFlat === false ? 'grows' : isFlat
}
