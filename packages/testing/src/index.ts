export { virtualBroker } from './virtual/broker.js'
export type {
  BrokerCounts,
  BrokerLimits,
  Published,
  SessionFate,
  SessionView,
  Undo,
  VirtualBroker,
  VirtualBrokerOptions,
  VirtualClientOptions,
} from './virtual/broker.js'
export type { Latency } from './virtual/connection.js'
export type { Will } from './virtual/packet.js'
export type { Overlap } from './virtual/routing.js'
export type { BrokerSubscription } from './virtual/session.js'
