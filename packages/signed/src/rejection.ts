import type { Message } from '@antiphon/core'

/** Why a message is not accepted. */
export type RejectionReason =
  /** It has no signature. */
  | 'unsigned'
  /** The signature cannot be read, or is for a message of another kind. */
  | 'malformed'
  /** The algorithm is not that of the key, for example `none`. */
  | 'algorithm'
  /** The key is not known. */
  | 'unknown-key'
  /** The signature is wrong. */
  | 'signature'
  /** The topic, the payload or a property is not the one that was signed. */
  | 'altered'
  /** It was signed longer ago than `maxAge`, or is later than the clock allows. */
  | 'expired'
  /** It has been received before. */
  | 'replayed'
  /** It is a response to another request, or to none of this link. */
  | 'another-request'
  /** Another signer has sent the request that the message belongs to. */
  | 'another-signer'

/** A message that was not accepted. */
export interface Rejection {
  readonly reason: RejectionReason
  readonly message: Message
}

/** The texts that a requester gets with status 401. */
export const TEXTS: Readonly<Record<RejectionReason, string>> = {
  unsigned: 'the request is not signed',
  malformed: 'the signature cannot be read',
  algorithm: 'the algorithm of the signature is not that of its key',
  'unknown-key': 'the key of the signature is not known',
  signature: 'the signature is wrong',
  altered: 'the request differs from the one that was signed',
  expired: 'the signature has expired, or the clocks differ',
  replayed: 'the request has been received before',
  'another-request': 'the response is to another request',
  'another-signer': 'another signer has sent the request',
}

/** Thrown while a message is verified. */
export class RejectionError extends Error {
  readonly reason: RejectionReason

  constructor(reason: RejectionReason) {
    super(TEXTS[reason])
    this.reason = reason
  }
}
