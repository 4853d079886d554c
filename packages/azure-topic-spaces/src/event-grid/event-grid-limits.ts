import type { LinkOptions } from '@antiphon/core/link'

/** The limits of the MQTT broker of an Event Grid namespace. */
export const eventGridLimits = {
  clientGroups: 10,
  topicSpaces: 10,
  templatesPerSpace: 10,
  permissionBindings: 100,
  thumbprintsPerClient: 2,
  filtersPerSubscribe: 10,
  subscriptionsPerSession: 50,
  topicBytes: 256,
  topicLevels: 8,
  packetBytes: 524_288,
  maximumQoS: 1,
  topicAliases: 10,
  /** Seconds. */
  keepAlive: 1_160,
  /** What the queue of a session that is offline may hold; beyond it, the session ends. */
  queueMessages: 100,
  queueBytes: 1_048_576,
} as const

/** The limits that CONNACK does not announce, as link options. */
export const eventGridLinkOptions: Pick<LinkOptions, 'filtersPerSubscribe' | 'limits'> = {
  filtersPerSubscribe: eventGridLimits.filtersPerSubscribe,
  limits: {
    maximumPacketSize: eventGridLimits.packetBytes,
    maximumQoS: eventGridLimits.maximumQoS,
    retainAvailable: false,
    sharedSubscriptions: false,
  },
}
