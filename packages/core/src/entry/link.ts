/**
 * For authors of transports, middleware and adapters: make a link of a transport, change what passes through a link,
 * and check options and messages with the errors that the library itself gives.
 *
 * @packageDocumentation
 */

// Make a link
export { linkOver } from '../link/link-over.js'
export type { LinkOptions } from '../link/link-over.js'
export type { SubscribeRequest, Transport, TransportEvent } from '../link/transport.js'
export type { BrokerLimits } from '../link/link.js'
export type { QueueBounds } from '../link/outbox.js'
export type { UnclaimedBounds } from '../link/unclaimed.js'

// Make a middleware
export { linkMiddleware } from '../middleware/link-middleware.js'
export type { LinkTaps } from '../middleware/link-middleware.js'
export { deadlines } from '../time/deadlines.js'
export type { Deadline, Deadlines, OnDue } from '../time/deadlines.js'

// Check options and messages
export { invalidArgument, requireNumber } from '../argument.js'
export type { NumberRule } from '../argument.js'
export { outgoingFault } from '../link/outgoing-rules.js'
export { quoted, validateString } from '../topic/mqtt-string.js'
export { describeReason } from '../link/reason-codes.js'
