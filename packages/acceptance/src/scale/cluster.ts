import type { DebianFolder } from './debian-folder.js'

/** A running cluster. */
export interface Cluster {
  /** The URL of each node, with credentials if the broker requires them. */
  readonly urls: readonly [string, ...string[]]
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
  /** Starts this many nodes and resolves when they form a cluster. Their files are in folders inside the chroot. */
  readonly start: (debian: DebianFolder, size: number) => Promise<Cluster>
}

/** Returns the numbers of the nodes of a cluster. */
export function nodeNumbers(size: number): readonly number[] {
  return Array.from({ length: size }, (_, node) => node)
}
