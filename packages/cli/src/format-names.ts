/** The names of the formats of payloads, as options have them. */
export const formatNames = ['auto', 'text', 'json', 'xml', 'cbor', 'msgpack', 'hex', 'base64', 'raw'] as const

/** A format of payloads by its name, or Protobuf with a file of descriptors and a message in it. */
export type FormatName = (typeof formatNames)[number] | `protobuf:${string}:${string}`
