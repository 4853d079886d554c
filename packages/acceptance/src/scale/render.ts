import { html, type Html } from '../report/html.js'
import { linePlot } from '../report/plot.js'
import { table } from '../report/table.js'
import { figuresOf, type ClusterRecord } from './judge.js'
import type { SharedAnswer } from './shared.js'

/** A cluster and what it said of shared subscriptions. */
export type ShownCluster = ClusterRecord & { readonly shared: SharedAnswer }

/** The clusters side by side, and how long questions were open around the death of a node. */
export function renderClusters(clusters: readonly ShownCluster[]): Html {
  return html`<p>
      The same application, told nothing but the URLs of three nodes: three responders, each for a part of the
      topics, and two askers. In the middle of it one node is killed.
    </p>
    ${table(
      [
        'broker',
        'started in',
        'questions',
        'responded',
        'reconnects',
        'sessions lost',
        'repeated runs',
        'recovery',
      ],
      clusters.map((cluster) => {
        const { asked: requested, answered, recovery } = figuresOf(cluster)
        const { reconnects, sessionsLost, repeatedRuns } = cluster.load
        return [
          cluster.name,
          `${cluster.secondsToStart.toFixed(0)} s`,
          requested,
          answered,
          reconnects,
          sessionsLost,
          repeatedRuns,
          `${(recovery / 1_000).toFixed(1)} s`,
        ]
      }),
    )}
    ${clusters.map((cluster) =>
      linePlot(
        {
          title: `${cluster.name}: how long questions were open; a node dies at ${(cluster.killedAt / 1_000).toFixed(1)} s`,
          x: 'seconds',
          y: 'milliseconds',
        },
        [{ name: 'open', points: slowestOfEachTenth(cluster) }],
      ),
    )}
    ${table(
      [
        'broker',
        'shared subscriptions announced',
        'a message of one’s own',
        'what a responder of a group is told',
        'known of it',
      ],
      clusters.map(({ name, note, shared }) => [
        name,
        shared.isAnnounced ? 'yes' : 'no',
        shared.support,
        shared.refusal === '' ? 'nothing: it is let in' : shared.refusal,
        note,
      ]),
    )}`
}

/** The longest time that a question asked within each tenth of a second was open. */
function slowestOfEachTenth({ load }: ClusterRecord): readonly (readonly [number, number])[] {
  const slowest = new Map<number, number>()
  for (const { asked: requested, ended } of load.questions) {
    const tenth = Math.floor(requested / 100)
    slowest.set(tenth, Math.max(slowest.get(tenth) ?? 0, ended - requested))
  }
  return [...slowest].sort(([a], [b]) => a - b).map(([tenth, open]) => [tenth / 10, open])
}
