/** The formats of payloads, as options name them. */
export const formatNames = ['auto', 'text', 'json', 'xml', 'cbor', 'msgpack', 'hex', 'base64', 'raw'] as const

/** A format of payloads. */
export type FormatName = (typeof formatNames)[number]
