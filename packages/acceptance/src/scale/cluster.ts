import type { DebianFolder } from './debian-folder.js'

/** Three nodes of one broker. */
export interface Cluster {
  /** A URL for each node, with the credentials that the broker wants. */
  readonly urls: readonly [string, string, string]
  /** Ends a node by SIGKILL; they are counted from 0. */
  readonly kill: (node: number) => void
  /** Ends all that still runs, and resolves when it is gone. */
  readonly stop: () => Promise<void>
}

/** A broker that comes in clusters. */
export interface ClusterKind {
  readonly name: string
  /** Whether a session lives on at the other nodes when the node that it was at has died. */
  readonly sessionsOutliveNodes: boolean
  /** What the project knows of it from elsewhere, for the report. */
  readonly note: string
  /** Starts three nodes that have found each other; their files go to the folder, which is seen from inside Debian too. */
  readonly start: (debian: DebianFolder) => Promise<Cluster>
}

export const nodeNumbers = [0, 1, 2] as const
