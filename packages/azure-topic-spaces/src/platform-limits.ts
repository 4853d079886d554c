import type { LinkOptions } from '@antiphon/core/link'

/** What the hub holds its clients to. */
export const platformLimits = {
  topicSpaces: 10,
  templatesPerSpace: 5,
  /** Subscriptions within one template of a LowFanout space, its variables filled in. */
  lowFanoutSubscriptions: 10,
  filtersPerSubscribe: 8,
  subscriptionsPerClient: 50,
  /** QoS 1 messages under way in one direction. */
  unacknowledged: 16,
  topicBytes: 256,
  topicSlashes: 10,
  packetBytes: 262_144,
  maximumQoS: 1,
  /** Seconds. */
  keepAlive: 1_140,
  /** Seconds a session waits for its client. */
  sessionExpiry: 3_600,
  /** Milliseconds from TLS to CONNECT. */
  connectTimeout: 30_000,
} as const

/** The same as a link keeps to it: MQTT 3.1.1 has no words for a broker's limits. */
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
