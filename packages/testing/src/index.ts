export { virtualBroker } from './virtual/virtual-broker.js'
export type {
  BrokerCounts,
  BrokerSubscription,
  VirtualBrokerLimits,
  PlayOptions,
  Published,
  OutageOptions,
  SessionView,
  VirtualBroker,
  VirtualBrokerOptions,
  VirtualClientOptions,
  VirtualLinkOptions,
} from './virtual/broker.js'
export type { Latency } from './connection/latency.js'
export type { PacketType, Will } from './connection/packet.js'
export type { Overlap, SubscriptionChange } from '@antiphon/broker/engine'
export { faultAlphabet, faultScript } from './faults/fault-script.js'
export type {
  ConnectionFault,
  Fault,
  Heal,
  PacketChoice,
  PacketFault,
  ScriptedFault,
  Undo,
} from './faults/fault.js'
export { ExpectationError } from './compare/expectation.js'
export type { Matcher } from './compare/equal.js'
export { like } from './compare/like.js'
export { marbles } from './marbles/marbles.js'
export type { MarbleContext } from './marbles/marbles.js'
export { withBroker } from './marbles/with-broker.js'
export type { BrokerContext, MarbleOptions } from './marbles/with-broker.js'
export type { MessageForm, MessageParts, PayloadReader } from './marbles/message-form.js'
export type { ClientChoice, PublishedChoice, PublishedExpectation } from './marbles/expect-published.js'
export type { SubscribedExpectation } from './marbles/expect-subscribed.js'
export type { TimersExpectation } from './marbles/expect-timers.js'
export type { ToRequests } from './marbles/to-requests.js'
