import type { ClientInfo } from './authority.js'
import type { HookQueue } from './hook-queue.js'

/** The origin of a message: a connection, or the broker itself. */
export interface Publisher {
  readonly client: ClientInfo
  /** Orders the messages of this publisher while their hooks are pending. */
  readonly hookQueue: HookQueue
  readonly disconnect: (reasonCode: number, text: string) => void
}
