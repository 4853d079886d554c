import type { DebianFolder } from './debian-folder.js'

/** A running cluster of three nodes. */
export interface Cluster {
  /** The URL of each node, with credentials if the broker requires them. */
  readonly urls: readonly [string, string, string]
  /** Sends SIGKILL to a node, counted from 0. */
  readonly kill: (node: number) => void
  /** Kills the nodes that still run; resolves when they have exited. */
  readonly stop: () => Promise<void>
}

/** A broker that supports clusters. */
export interface ClusterKind {
  readonly name: string
  /** Whether a session survives the death of its node. */
  readonly sessionsOutliveNodes: boolean
  /** Known properties of the broker, for the report. */
  readonly note: string
  /** Starts three nodes and resolves when they form a cluster. Their files are in folders inside the chroot. */
  readonly start: (debian: DebianFolder) => Promise<Cluster>
}

/** The numbers of the nodes of a cluster. */
export const nodeNumbers = [0, 1, 2] as const
