/** The levels at which the runner runs the cases. */
export type Level =
  'over Mosquitto' | 'over a stub of packets' | 'over a stub of the transport' | 'over the broker'

/** The cases that need a broker that misbehaves, and how. */
const needMisbehaviour: Readonly<Record<string, string>> = {
  CommandExecutorRequestExpiresWhileDisconnected_RequestNotAcknowledged:
    'it forgets a request that it has sent and that is not acknowledged',
  CommandExecutorRequestWrongTopic_NoResponse: 'it sends a message to a client without a subscription',
  CommandExecutorResponsePubAckDroppedByDisconnection_ReconnectAndSuccess:
    'it sends the request again only after it has acknowledged the response',
}

/** The cases that fail at a level, and why. One that begins or ceases to fail must be written or removed here by hand. */
export const expectedFailures: Readonly<Record<Level, Readonly<Record<string, string>>>> = {
  'over a stub of the transport': {},
  'over a stub of packets': {},
  'over the broker': needMisbehaviour,
  'over Mosquitto': needMisbehaviour,
}
