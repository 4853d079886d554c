import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster } from './cluster.js'

const patience = 120_000

/** What nodes of Erlang need that are to know each other, and nobody else: a name server of their own on the loopback. */
export function distribution(nameServerPort: number): Readonly<Record<string, string>> {
  return { ERL_EPMD_PORT: String(nameServerPort), ERL_EPMD_ADDRESS: '127.0.0.1' }
}

/** The nodes as a cluster. */
export function clusterOf(nodes: readonly ChildProcess[], urls: Cluster['urls']): Cluster {
  const kill = (node: number): void => killGroup(nodes[node])
  return {
    urls,
    kill,
    stop: async () => {
      const running = nodes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      const gone = running.map((node) => once(node, 'exit'))
      running.forEach(killGroup)
      await Promise.all(gone)
    },
  }
}

function killGroup(node: ChildProcess | undefined): void {
  if (node?.pid !== undefined) process.kill(-node.pid, 'SIGKILL')
}

/** Resolves when it holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end; await wait(250))
    if (await holds()) return
  throw new Error(`${what}: not within ${patience / 1_000} s`)
}

/** Whether somebody listens at the port. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
