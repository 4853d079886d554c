export type { Message, MessageProperties, OutgoingMessage, QoS, UserProperties } from './message.js'
export { userProperty } from './message.js'
export { AntiphonError } from './errors.js'
export type { ErrorCode, ErrorContext, RemoteStatus } from './errors.js'
export type { Codec, DecodeError, DecodeIssue } from './codec/codec.js'
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
