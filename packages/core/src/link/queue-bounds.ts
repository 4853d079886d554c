/** The limits of the outgoing queue, used while offline or while the send window is full. */
export interface QueueBounds {
  /** The most messages. @defaultValue 100 000 */
  readonly messages?: number
  /** The most payload bytes; as many again may be in flight, at least 16 MiB. @defaultValue 64 MiB */
  readonly bytes?: number
}
