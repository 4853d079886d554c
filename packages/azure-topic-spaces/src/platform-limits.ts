import type { LinkOptions } from '@antiphon/core/link'

/** The limits of the hub. */
export const platformLimits = {
  topicSpaces: 10,
  templatesPerSpace: 5,
  /** Subscriptions covered by one template of a LowFanout space, after substitution of its variables. */
  lowFanoutSubscriptions: 10,
  filtersPerSubscribe: 8,
  subscriptionsPerClient: 50,
  /** QoS 1 messages in flight in one direction. */
  unacknowledged: 16,
  topicBytes: 256,
  topicSlashes: 10,
  packetBytes: 262_144,
  maximumQoS: 1,
  /** Seconds. */
  keepAlive: 1_140,
  /** Seconds for which the hub keeps a session without a connection. */
  sessionExpiryInterval: 3_600,
  /** Milliseconds from the opening of the socket to CONNECT. */
  connectTimeout: 30_000,
} as const

/** The limits as link options, since an MQTT 3.1.1 broker cannot announce them. */
export const deviceLinkOptions: Pick<LinkOptions, 'filtersPerSubscribe' | 'limits'> = {
  filtersPerSubscribe: platformLimits.filtersPerSubscribe,
  limits: {
    receiveMaximum: platformLimits.unacknowledged,
    maximumPacketSize: platformLimits.packetBytes,
    maximumQoS: platformLimits.maximumQoS,
    retainAvailable: false,
    sharedSubscriptions: false,
  },
}
