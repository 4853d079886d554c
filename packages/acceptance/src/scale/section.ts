import type { NotRun, Outcome, Section, SectionContext } from '../frame/section.js'
import { applyLoad } from './application.js'
import type { ClusterKind } from './cluster.js'
import { debianFolder, debianRequirement, type DebianFolder } from './debian-folder.js'
import { ejabberd } from './ejabberd.js'
import { failuresOf, figuresOf } from './judge.js'
import { rabbitMq } from './rabbitmq.js'
import { renderClusters, type ShownCluster } from './render.js'
import { checkSharedSubscriptions } from './shared.js'

const kinds: readonly ClusterKind[] = [rabbitMq, ejabberd]
const perSecond = 200
const clusterSize = 3

/** The outcome of the section. */
export interface ScaleOutcome extends Outcome {
  readonly clusters: readonly ShownCluster[]
}

/** Runs the same application on clusters of three nodes and kills one node under load. */
export const scale: Section<ScaleOutcome> = {
  name: 'scale',
  title: 'Clusters: one of three nodes killed under load',
  options: { 'scale-seconds': { about: 'seconds of load on each cluster', usual: 20, smoke: 0 } },
  run: async ({ number, progress }) => {
    const seconds = number('scale-seconds')
    if (seconds === 0) return emptyOutcome()
    const missing = debianRequirement('clusters of RabbitMQ and ejabberd')
    if (missing !== undefined) return emptyOutcome(missing)
    const debian = await debianFolder((text) => progress(0, text))
    const clusters: ShownCluster[] = []
    for (const [index, kind] of kinds.entries()) {
      const clusterProgress = (share: number, text: string): void =>
        progress((index + share) / kinds.length, `${kind.name}: ${text}`)
      clusters.push(await testCluster(kind, debian, seconds, clusterProgress))
    }
    return {
      figures: clusters.flatMap((cluster) => {
        const { requests, answered, recovery } = figuresOf(cluster)
        return [
          { name: `${cluster.name}, answered`, value: `${answered} of ${requests}` },
          { name: `${cluster.name}, recovery`, value: `${(recovery / 1_000).toFixed(1)} s` },
        ]
      }),
      failures: clusters.flatMap((cluster) => failuresOf(cluster, perSecond * seconds)),
      notRun: [],
      clusters,
    }
  },
  render: ({ clusters }) => renderClusters(clusters),
}

async function testCluster(
  { name, note, sessionsOutliveNodes, start }: ClusterKind,
  debian: DebianFolder,
  seconds: number,
  progress: SectionContext['progress'],
): Promise<ShownCluster> {
  progress(0, 'starts three nodes')
  const started = performance.now()
  const cluster = await start(debian, clusterSize)
  try {
    const secondsToStart = (performance.now() - started) / 1_000
    const shared = await checkSharedSubscriptions(cluster.urls)
    progress(0.3, `under load for ${seconds} s`)
    let killedAt = 0
    const load = await applyLoad(cluster.urls, {
      perSecond,
      seconds,
      halfway: (now) => {
        killedAt = now
        cluster.kill(0)
      },
    })
    return { name, note, sessionsOutliveNodes, secondsToStart, killedAt, load, shared }
  } finally {
    await cluster.stop()
  }
}

function emptyOutcome(...notRun: readonly NotRun[]): ScaleOutcome {
  return { figures: [], failures: [], notRun, clusters: [] }
}
