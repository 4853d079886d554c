import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { nodeNumbers, type Cluster } from './cluster.js'

const listenTimeout = 120_000

/** Returns environment variables that give Erlang nodes a separate name server on the loopback interface. */
export function distribution(nameServerPort: number): Readonly<Record<string, string>> {
  return { ERL_EPMD_PORT: String(nameServerPort), ERL_EPMD_ADDRESS: '127.0.0.1' }
}

/** How the nodes of a cluster are started. */
export interface ClusterOptions {
  readonly size: number
  readonly start: (node: number) => Promise<ChildProcess>
  readonly port: (node: number) => number
  readonly url: (node: number) => string
  /** Joins the nodes to a cluster, if they do not find each other themselves; nodes may restart on joining. */
  readonly join?: () => Promise<void>
}

/** Starts all nodes; resolves when they form a cluster. If that fails, all nodes are killed. */
export async function startCluster({ size, start, port, url, join }: ClusterOptions): Promise<Cluster> {
  const nodes: ChildProcess[] = []
  const [, ...others] = nodeNumbers(size)
  const cluster = clusterOf(nodes, [url(0), ...others.map(url)])
  const ports = nodeNumbers(size).map(port)
  try {
    for (const node of nodeNumbers(size)) nodes.push(await start(node))
    await allListen(ports)
    if (join !== undefined) {
      await join()
      await allListen(ports)
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

function clusterOf(nodes: readonly ChildProcess[], urls: Cluster['urls']): Cluster {
  const kill = (node: number): void => killGroup(nodes[node])
  return {
    urls,
    kill,
    stop: async () => {
      const running = nodes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      const exits = running.map((node) => once(node, 'exit'))
      running.forEach(killGroup)
      await Promise.all(exits)
    },
  }
}

function killGroup(node: ChildProcess | undefined): void {
  if (node?.pid !== undefined) process.kill(-node.pid, 'SIGKILL')
}

async function allListen(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const end = performance.now() + listenTimeout
    while (!(await isListening(port))) {
      if (performance.now() > end)
        throw new Error(
          `cannot start the cluster: no node listens on port ${port} within ${listenTimeout / 1_000} s`,
        )
      await wait(250)
    }
  }
}

/** Resolves with whether a process listens on the port. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
