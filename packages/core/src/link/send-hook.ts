import type { OutgoingMessage } from '../message.js'

/** Decides, when the turn of a message comes that has waited in the outgoing queue, whether it is still sent. */
export interface SendHook {
  /** Called before the message is sent for the first time. Returns `false` to drop it, which the link does not report. */
  onSending(): boolean
}

/** The property with the hook. A middleware that spreads a message passes it on. */
const hookKey: unique symbol = Symbol('antiphon.sendHook')

interface HookedMessage extends OutgoingMessage {
  readonly [hookKey]?: SendHook
}

/** Returns a message whose hook a link of `linkOver` calls. For messages that will wait: it costs a copy. */
export function withSendHook(message: OutgoingMessage, hook: SendHook): OutgoingMessage {
  const hooked: HookedMessage = { ...message, [hookKey]: hook }
  return hooked
}

/** Returns the hook of a message; `undefined` if it has none. */
export function sendHookOf(message: HookedMessage): SendHook | undefined {
  return message[hookKey]
}

/** Returns a message without its hook. */
export function withoutSendHook({ [hookKey]: _, ...message }: HookedMessage): OutgoingMessage {
  return message
}
