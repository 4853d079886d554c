import type { Message } from './message.js'

/**
 * Returns bytes that do not keep a much larger buffer in memory: a received payload is a view of the chunk that the socket
 * read, with all its other packets. Use it for what is kept longer than a delivery.
 */
export function toOwnBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? Uint8Array.from(bytes) : bytes
}

/** Returns a message whose payload and Correlation Data do not keep a much larger buffer in memory. */
export function withOwnBytes(message: Message): Message {
  const { payload, correlationData } = message
  const ownPayload = toOwnBytes(payload)
  const ownData = correlationData && toOwnBytes(correlationData)
  if (ownPayload === payload && ownData === correlationData) return message
  return {
    ...message,
    payload: ownPayload,
    ...(ownData === undefined ? {} : { correlationData: ownData }),
  }
}
