/** The levels at which the runner runs the cases. */
export type Level = 'over a stub of packets' | 'over a stub of the transport' | 'over the broker'

/** The cases that fail at a level, and why: they need a broker that misbehaves. One that begins or ceases to fail must be written or removed here by hand. */
export const expectedFailures: Readonly<Record<Level, Readonly<Record<string, string>>>> = {
  'over a stub of the transport': {},
  'over a stub of packets': {},
  'over the broker': {
    CommandExecutorRequestExpiresWhileDisconnected_RequestNotAcknowledged:
      'the broker must forget a request that it has sent and that is not acknowledged',
    CommandExecutorRequestWrongTopic_NoResponse:
      'the broker must send a message to a client without a subscription',
    CommandExecutorResponsePubAckDroppedByDisconnection_ReconnectAndSuccess:
      'the broker must send the request again only after it has acknowledged the response',
  },
}
