/**
 * The API for authors of transports, middleware and adapters: create a link from a transport, intercept the traffic of a
 * link, wrap handlers, and validate options and messages with the library's own errors.
 *
 * @packageDocumentation
 */

// Create a link
export { linkOver } from '../link/link-over.js'
export type { LinkOptions } from '../link/link-over.js'
export { linkOptionRules } from '../link/link-option-rules.js'
export type { ResumedPublish, SubscribeRequest, Transport, TransportEvent } from '../link/transport.js'
export type { ConnectionLimits } from '../link/link.js'
export type { ReconnectOptions } from '../link/reconnect.js'
export type { QueueBounds } from '../link/outbox.js'
export { unrefScheduler } from '../time/unref-scheduler.js'
export type { UnroutedBounds } from '../link/unrouted-messages.js'

// Create middleware
export { linkMiddleware } from '../middleware/link-middleware.js'
export type { LinkTaps } from '../middleware/link-middleware.js'
export { deadlines } from '../time/deadlines.js'
export type { Deadline, Deadlines, OnDue } from '../time/deadlines.js'

// Wrap handlers
export { isStream } from '../stream/is-stream.js'
export { hasProperties } from '../responder/with-properties.js'

// Validate options and messages
export { invalidArgument, requireArgument } from '../argument.js'
export {
  nearestName,
  nearestNameHint,
  numberRule,
  pickOptions,
  violationOf,
  wholeNumberRule,
} from '../option-rules.js'
export type { OptionRule, OptionRules, RangeRule, Violation } from '../option-rules.js'
export { outgoingFault } from '../link/outgoing-rules.js'
export { quoted, validateString } from '../topic/mqtt-string.js'
export { describeReason } from '@antiphon/packet'
