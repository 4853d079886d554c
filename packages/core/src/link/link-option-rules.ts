import { countRule, numberRule, type OptionRules, sizeRule } from '../option-rules.js'
import type { ConnectionLimits } from './link.js'
import type { LinkOptions } from './link-over.js'
import type { QueueBounds } from './outbox.js'
import { reconnectRule } from './reconnect.js'
import type { UnroutedBounds } from './unrouted-messages.js'

/** The rules of `LinkOptions`, for transports whose options include those of the link. */
export const linkOptionRules: OptionRules<LinkOptions> = {
  scheduler: 'object',
  backgroundScheduler: 'object',
  reconnect: reconnectRule,
  queue: { messages: sizeRule, bytes: sizeRule } satisfies OptionRules<QueueBounds>,
  unrouted: { messages: sizeRule, bytes: sizeRule, ttl: sizeRule } satisfies OptionRules<UnroutedBounds>,
  filtersPerSubscribe: countRule,
  maxResponseSubscriptions: countRule,
  limits: {
    receiveMaximum: countRule,
    maximumPacketSize: numberRule(1),
    maximumQoS: [0, 1, 2],
    retainAvailable: [true, false],
    wildcardSubscriptions: [true, false],
    sharedSubscriptions: [true, false],
    subscriptionIdentifiers: [true, false],
  } satisfies OptionRules<ConnectionLimits>,
  maxConnectionAge: numberRule(1),
  closeTimeout: sizeRule,
}
