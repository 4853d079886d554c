/** The reason codes of DISCONNECT that a message can cause; the others concern the client or the broker. */
const messageReasons: ReadonlySet<number> = new Set([
  0x80, 0x81, 0x82, 0x83, 0x87, 0x90, 0x94, 0x95, 0x99, 0x9a, 0x9b,
])

/** The socket errors that occur if the peer closes while this side writes. */
const closedByPeer: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * Whether the broker may have closed a connection because of a message sent on it. An MQTT 5 broker says so in DISCONNECT
 * [MQTT-4.13.1-1]: without it, the network closed the connection.
 */
export function mayRefuseMessage(
  protocolVersion: 4 | 5,
  reasonCode: number | undefined,
  cause: unknown,
): boolean {
  if (protocolVersion === 5) return reasonCode !== undefined && messageReasons.has(reasonCode)
  return cause === undefined || (cause instanceof Error && 'code' in cause && closedByPeer.has(cause.code))
}
