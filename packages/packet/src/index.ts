/**
 * MQTT packets as bytes, fast and strict: what `@antiphon/core`, `@antiphon/mqtt` and `@antiphon/broker` read, write and
 * measure themselves.
 *
 * @packageDocumentation
 */
export {
  acknowledgementSize,
  acknowledgementWithReason,
  readAcknowledgement,
  writeAcknowledgement,
} from './acknowledgement.js'
export type { Acknowledgement } from './acknowledgement.js'
export { encodeAuth, readAuth } from './auth.js'
export type { AuthPacket } from './auth.js'
export { ByteWriter } from './byte-writer.js'
export { checkText, Cursor } from './cursor.js'
export { Framer } from './framer.js'
export { malformed, PacketError, protocolError } from './packet-error.js'
export { PacketType } from './packet-type.js'
export type { ProtocolVersion, QoS } from './packet-type.js'
export { checkProperties, PropertyContext } from './property-reader.js'
export { PropertySection, readPropertySection } from './property-section.js'
export { decodePublishProperties, expiryOffsetOf, writePublishProperties } from './publish-properties.js'
export type { Mutable, PublishProperties, ReceivedProperties } from './publish-properties.js'
export { AliasUse, encodeTemplate, shapeKey } from './publish-template.js'
export type { PublishTemplate, TemplateParts } from './publish-template.js'
export { PublishHead, readPublish, readPublishHead } from './read-publish.js'
export type { ReceivedMessage, ReceivedPublish } from './read-publish.js'
export { describeReason, Reason } from './reason.js'
export { readSubscribe, readUnsubscribe, writeSubscribe, writeUnsubscribe } from './subscribe.js'
export type { RequestedSubscription, SubscribePacket, UnsubscribePacket } from './subscribe.js'
export { maxStringSize, utf8Size } from './utf8.js'
export { maxVariableByteInteger } from './variable-byte-integer.js'
export { publishSize, writePublish } from './write-publish.js'
export type { PublishHeader, PublishMessage } from './write-publish.js'
