import type { EventEmitter } from 'node:events'

/**
 * Resolves when a socket has been closed, also if that was before the call.
 *
 * `once` of Node would reject if the connection is reset, as happens when the broker closes it while bytes are on their way.
 */
export async function untilClosed(socket: EventEmitter & { readonly closed?: boolean }): Promise<void> {
  if (socket.closed !== true) await new Promise((resolve) => socket.once('close', resolve))
}
