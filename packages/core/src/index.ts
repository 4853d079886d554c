export type { Message, MessageProperties, OutgoingMessage, QoS, UserProperties } from './message.js'
export { userProperty } from './message.js'
export { AntiphonError } from './errors.js'
export type { ErrorCode, ErrorContext, RemoteStatus } from './errors.js'
export { json } from './codec/json.js'
export { text } from './codec/text.js'
export { bytes } from './codec/bytes.js'
export { oneOf } from './codec/one-of.js'
export type { Codec, CodecBounds, DecodeError, DecodeIssue } from './codec/codec.js'
export { showDecodeError, toDecodeFailure } from './codec/show-decode-error.js'
export { codecFor, decodeWith, encodeWith } from './codec/guard.js'
export { fromType } from './codec/from-type.js'
export type { PayloadFormat, TypedCodecOptions } from './codec/from-type.js'
export { decodeFailure } from './codec/decode-failure.js'
export { acceptsMediaTypes, parseMediaType } from './codec/content-type.js'
export type { MediaType, MediaTypeRule } from './codec/content-type.js'
export { fromUtf8, isWellFormed, toUtf8 } from './codec/utf8.js'
export type {
  Delivery,
  Grant,
  Incident,
  Link,
  LinkMiddleware,
  LinkState,
  PublishAck,
  SubscribeOptions,
  SubscriptionWindow,
} from './link/link.js'
export type { SubscribeRequest, Transport, TransportEvent } from './link/transport.js'
export type { BackOffOptions } from './link/back-off.js'
export type { LinkOptions } from './link/link-over.js'
export { linkOver } from './link/link-over.js'
export type { QueueBounds } from './link/outbox.js'
export { describeReason } from './link/reason-codes.js'
export type { UnclaimedBounds } from './link/unclaimed.js'
export type { Deadline, Deadlines } from './time/deadlines.js'
export { deadlines } from './time/deadlines.js'
export { invalidArgument, requireNumber } from './argument.js'
export type { NumberRule } from './argument.js'
export { grantFault, outgoingFault } from './link/outgoing-rules.js'
export { quoted, validateString } from './topic/mqtt-string.js'
