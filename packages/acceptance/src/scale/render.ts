import { figure, html, lineChart, table, type Html } from '@antiphon/report'
import { figuresOf, type ClusterRecord } from './judge.js'
import type { SharedSubscriptionSupport } from './shared.js'

/** The record of a cluster, with its support of shared subscriptions. */
export type ShownCluster = ClusterRecord & { readonly shared: SharedSubscriptionSupport }

/** Renders the clusters side by side, and how long requests were pending while a node was killed. */
export function renderClusters(clusters: readonly ShownCluster[]): Html {
  return html`<p>
      The same application, configured only with the URLs of three nodes: three responders, each for a part of
      the topics, and two requesters. Halfway through, one node is killed.
    </p>
    ${table(
      [
        'broker',
        'started in',
        'requests',
        'answered',
        'reconnects',
        'sessions lost',
        'repeated runs',
        'recovery',
      ],
      clusters.map((cluster) => {
        const { requests: sentAt, answered, recovery } = figuresOf(cluster)
        const { reconnects, sessionsLost, repeatedRuns } = cluster.load
        return [
          cluster.name,
          `${cluster.secondsToStart.toFixed(0)} s`,
          sentAt,
          answered,
          reconnects,
          sessionsLost,
          repeatedRuns,
          `${(recovery / 1_000).toFixed(1)} s`,
        ]
      }),
    )}
    <div class="charts">${clusters.map(timesOfRequests)}</div>
    ${table(
      [
        'broker',
        'shared subscriptions announced',
        'tested with a message',
        'what a responder that joins a group receives',
        'notes',
      ],
      clusters.map(({ name, note, shared }) => [
        name,
        shared.isAnnounced ? 'yes' : 'no',
        shared.support,
        shared.refusal === '' ? 'no error: it is accepted' : shared.refusal,
        note,
      ]),
    )}`
}

function timesOfRequests(cluster: ClusterRecord): Html {
  const killedAt = cluster.killedAt / 1_000
  return figure(
    lineChart({
      title: `${cluster.name}: slowest responses, by send time`,
      x: 'seconds',
      y: 'milliseconds, slowest of each 0.1 s',
      scale: 'linear',
      series: [{ name: 'slowest', points: slowestOfEachTenth(cluster) }],
      events: [{ at: killedAt, label: `a node is killed at ${killedAt.toFixed(1)} s` }],
    }),
  )
}

/** Returns, for each tenth of a second, the longest time that a request sent in it was pending. */
function slowestOfEachTenth({ load }: ClusterRecord): readonly (readonly [number, number])[] {
  const slowest = new Map<number, number>()
  for (const { sentAt, settledAt } of load.requests) {
    const tenth = Math.floor(sentAt / 100)
    slowest.set(tenth, Math.max(slowest.get(tenth) ?? 0, settledAt - sentAt))
  }
  return [...slowest].sort(([a], [b]) => a - b).map(([tenth, connectLink]) => [tenth / 10, connectLink])
}
