import type { ClientInfo } from './authority.js'
import type { Lane } from './lane.js'

/** Where a message comes from: a connection, or the broker itself. */
export interface Publisher {
  readonly client: ClientInfo
  /** The messages of its that wait for a hook. */
  readonly lane: Lane
  readonly disconnect: (reasonCode: number, text: string) => void
}
