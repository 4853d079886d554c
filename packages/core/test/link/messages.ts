import type { Message, OutgoingMessage } from '../../src/message.js'

/** The bytes of `text`. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The text of a payload. */
export function textOf({ payload }: { readonly payload: Uint8Array }): string {
  return new TextDecoder().decode(payload)
}

/** A message as it arrives. */
export function arrival(topic: string, text = '', more: Partial<Message> = {}): Message {
  return { topic, payload: bytes(text), qos: 1, retain: false, dup: false, ...more }
}

/** A message as it is sent. */
export function outgoing(topic: string, text = '', more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  return { topic, payload: bytes(text), ...more }
}
