/** The reasons of a DISCONNECT that can be a message's fault; the others are about the client or the broker. */
const messageReasons: ReadonlySet<number> = new Set([
  0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x94, 0x95, 0x99, 0x9a, 0x9b,
])

/** How sockets say that the other side closed while we were writing. */
const closedByPeer: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** Whether a connection may have been ended because of a message that was sent on it. */
export function mayRefuseMessage(reasonCode: number | undefined, cause: unknown): boolean {
  if (reasonCode !== undefined) return messageReasons.has(reasonCode)
  return cause === undefined || (cause instanceof Error && 'code' in cause && closedByPeer.has(cause.code))
}
