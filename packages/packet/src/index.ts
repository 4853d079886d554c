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
export { readConnack } from './connack.js'
export type { ConnackPacket, ConnackProperties } from './connack.js'
export { writeConnect } from './connect.js'
export type { ConnectPacket, ConnectProperties, WillMessage } from './connect.js'
export { checkText, Cursor } from './cursor.js'
export { readServerDisconnect, writeDisconnect } from './disconnect.js'
export type { ClientDisconnect, DisconnectProperties, ServerDisconnect } from './disconnect.js'
export { Framer } from './framer.js'
export { malformed, PacketError, protocolError } from './packet-error.js'
export { PacketType } from './packet-type.js'
export type { ProtocolVersion, QoS } from './packet-type.js'
export { checkPingResponse, writePingRequest } from './ping.js'
export { checkProperties, PropertyContext } from './property-reader.js'
export { PropertySection, readPropertySection } from './property-section.js'
export { decodePublishProperties, expiryOffsetOf, writePublishProperties } from './publish-properties.js'
export type { Mutable, PublishProperties, ReceivedProperties } from './publish-properties.js'
export { AliasUse, encodeTemplate, shapeKey } from './publish-template.js'
export type { PublishTemplate, TemplateParts } from './publish-template.js'
export { PublishHead, readPublish, readPublishHead } from './read-publish.js'
export type { ReceivedMessage, ReceivedPublish } from './read-publish.js'
export { describeReason, Reason } from './reason.js'
export { readSuback, readUnsuback } from './suback.js'
export type { SubscriptionAcknowledgement } from './suback.js'
export { readSubscribe, readUnsubscribe, writeSubscribe, writeUnsubscribe } from './subscribe.js'
export type { RequestedSubscription, SubscribePacket, UnsubscribePacket } from './subscribe.js'
export { maxStringSize, utf8Size } from './utf8.js'
export { maxVariableByteInteger } from './variable-byte-integer.js'
export { publishSize, writePublish } from './write-publish.js'
export type { PublishHeader, PublishMessage } from './write-publish.js'
