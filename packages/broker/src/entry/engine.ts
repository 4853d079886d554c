/**
 * The broker without a network: sessions, routing, retained messages and Wills for a program that carries the packets
 * itself. It needs no module of Node.
 *
 * @packageDocumentation
 */
export { createBrokerEngine } from '../engine/broker-engine.js'
export type {
  BrokerEngine,
  BrokerEngineOptions,
  EngineAuthority,
  SessionMessages,
} from '../engine/broker-engine.js'
export type {
  EngineClient,
  EngineConnection,
  EnginePeer,
  InboundPackets,
} from '../engine/engine-connection.js'
export type { Overlap, SubscriptionChange } from '../routing/router.js'
export type { SubscribeOutcome } from '../routing/subscription-handler.js'
export type { ConnectionEnd } from '../session/sessions.js'
