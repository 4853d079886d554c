import type { Mutant } from './mutant.js'

/** Faults made by hand, by what is wrong with them; the contract must catch every one. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'attempts are counted from 2': {
    file: 'link/connector.ts',
    text: 'const attempt = this.#failures + 1',
    becomes: 'const attempt = this.#failures + 2',
  },
  'a lost connection is not told': {
    file: 'link/connector.ts',
    text: "this.#states.next({ status: 'offline', error, retryIn })",
    becomes: '',
  },
  'the timer of the next attempt is leaked': {
    file: 'link/connector.ts',
    text: "this.#phase = 'closing'\n    this.#deadline?.cancel()",
    becomes: "this.#phase = 'closing'",
  },
  'acknowledgements leave as they are given': {
    file: 'link/acknowledgements.ts',
    text: 'they may have gone.\n    this.#advance()',
    becomes: 'they may have gone.\n    if (this.#holders.length === 0) this.#release()',
  },
  'one acknowledgement is enough for all holders': {
    file: 'link/acknowledgements.ts',
    text: 'this.#holders.splice(place, 1)',
    becomes: 'this.#holders.length = 0',
  },
  'acknowledgements of a lost connection are remembered': {
    file: 'link/link-over.ts',
    text: 'offline: () => {\n      acknowledgements.forget()',
    becomes: 'offline: () => {',
  },
  'what is abandoned holds up what follows': {
    file: 'link/acknowledgements.ts',
    text: 'return this.#isSealed && this.#holders.every((holder) => holder.closed)',
    becomes: 'return this.#isSealed && this.#holders.length === 0',
  },
  'messages$ acknowledges nothing': {
    file: 'link/messages.ts',
    text: 'acknowledge()\n',
    becomes: '\n',
  },
  'only the first listener of a window is served': {
    file: 'link/window.ts',
    text: 'if (!listener.closed) this.#hand(',
    becomes: 'if (listener === this.#listeners[0]) this.#hand(',
  },
  'a throwing subscriber is kept quiet': {
    file: 'link/window.ts',
    text: "this.#report({ kind: 'subscriber-threw', error: AntiphonError.from(thrown), message })",
    becomes: '',
  },
  'retained messages are not remembered': {
    file: 'link/window.ts',
    text: 'retained.set(topic, { ...message, retain: true })',
    becomes: '',
  },
  'a lost session is not noticed': {
    file: 'link/subscriptions.ts',
    text: 'if (!isSameSession) this.#loseSession(grant)',
    becomes: 'if (false) this.#loseSession(grant)',
  },
  'every session is taken for lost': {
    file: 'link/subscriptions.ts',
    text: 'if (!isSameSession) this.#loseSession(grant)',
    becomes: 'this.#loseSession(grant)',
  },
  'the last subscriber leaves without UNSUBSCRIBE': {
    file: 'link/subscriptions.ts',
    text: 'subscription.leave(subscriber)\n        this.#negotiation.reconcile([subscription])',
    becomes: 'subscription.leave(subscriber)',
  },
  'a request is made again while it is under way': {
    file: 'link/negotiation.ts',
    text: 'if (isBusy) continue',
    becomes: '',
  },
  'overlapping filters share an identifier': {
    file: 'link/subscriptions.ts',
    text: 'while (taken.has(identifier)) identifier++',
    becomes: '',
  },
  'identifiers are not looked at': {
    file: 'link/subscriptions.ts',
    text: 'return named.length > 0 ? named : matching',
    becomes: 'return matching',
  },
  'what is queued leaves before the subscriptions stand': {
    file: 'link/link-over.ts',
    text: 'subscriptions.online({ grant, isSameSession, onReady: () => outbox.resume(grant) }),',
    becomes:
      '(outbox.resume(grant), subscriptions.online({ grant, isSameSession, onReady: () => undefined })),',
  },
  'one message more is in flight than the broker takes': {
    file: 'link/outbox.ts',
    text: 'this.#quotaUsed < this.#grant.receiveMaximum',
    becomes: 'this.#quotaUsed <= this.#grant.receiveMaximum',
  },
  'the quota of what was acknowledged is not given back': {
    file: 'link/outbox.ts',
    text: 'if (sending.takesQuota) this.#quotaUsed--',
    becomes: '',
  },
  'an unfit message is sent': {
    file: 'link/link-over.ts',
    text: 'const fault = outgoingFault(message)',
    becomes: 'const fault = undefined as ReturnType<typeof outgoingFault>',
  },
  'the queue takes one too many': {
    file: 'link/outbox.ts',
    text: 'this.#waitingCount < messages',
    becomes: 'this.#waitingCount <= messages',
  },
  'a dropped message is not told': {
    file: 'link/outbox.ts',
    text: "this.#parts.report({ kind: 'dropped', error, message })",
    becomes: '',
  },
  'expiry does not run in the queue': {
    file: 'link/sending.ts',
    text: 'if (this.#expiresAt < Infinity)',
    becomes: 'if (this.#expiresAt < 0)',
  },
  'what a lost session took with it is given up': {
    file: 'link/sending.ts',
    text: 'if (isWorthRepeating && this.takesQuota && !this.isDone)',
    becomes: 'if (false)',
  },
  'a refusal counts as an acknowledgement': {
    file: 'link/sending.ts',
    text: 'if (ack.reasonCode < 0x80)',
    becomes: 'if (ack.reasonCode < 0x100)',
  },
  'who unsubscribes stays in the queue': {
    file: 'link/sending.ts',
    text: 'if (this.#place === undefined) return\n    this.#leaveQueue()',
    becomes: 'if (this.#place !== undefined) return\n    this.#leaveQueue()',
  },
  'close does not wait for what is queued': {
    file: 'link/link-over.ts',
    text: 'if (patience === undefined) connector.close()',
    becomes: 'connector.close()',
  },
  'incidents$ does not complete': {
    file: 'link/link-over.ts',
    text: 'incidents.complete()',
    becomes: '',
  },
}
