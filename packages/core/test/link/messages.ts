import type { Message, OutgoingMessage } from '../../src/message.js'

/** Encodes `text` as UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Decodes a payload as UTF-8. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** Returns an incoming message. */
export function arrival(topic: string, text = '', more: Partial<Message> = {}): Message {
  return { topic, payload: bytes(text), qos: 1, retain: false, dup: false, ...more }
}

/** Returns an outgoing message. */
export function outgoing(topic: string, text = '', more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic, payload: bytes(text), ...more }
}
