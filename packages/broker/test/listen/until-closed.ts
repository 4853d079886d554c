import type { EventEmitter } from 'node:events'

/**
 * Resolves when a socket has been closed.
 *
 * `once` of Node would reject if the connection is reset, as happens when the broker closes it while bytes are on their way.
 */
export function untilClosed(socket: EventEmitter): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
