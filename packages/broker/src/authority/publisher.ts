import type { ClientInfo } from './authority.js'
import type { HookQueue } from './hook-queue.js'

/** Where a message comes from: a connection, or the broker itself. */
export interface Publisher {
  readonly client: ClientInfo
  /** The messages of its that wait for a hook. */
  readonly lane: HookQueue
  readonly disconnect: (reasonCode: number, text: string) => void
}
