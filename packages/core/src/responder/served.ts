import { publishWhole$ } from '../chunk/publish-whole.js'
import type { ReplyKind } from '../endpoint.js'
import { exchangesOf } from '../exchange/exchanges.js'
import type { Delivery, Link, PublishAck } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { Status, type Failure } from '../status.js'
import { record, type Seen } from './duplicates.js'
import { inStream, toAnswer, toEmptyAnswer, toFailureReply, type ReplyFrame } from './reply.js'

/** What a request in hand works with. */
export interface ServedParts {
  readonly link: Link
  /** What its replies have in common; absent for a notification, which gets none. */
  readonly frame: ReplyFrame | undefined
  readonly delivery: Delivery
  readonly seen: Seen
  readonly replies: ReplyKind
  /** How many items the caller wants at first. */
  readonly credit: number
  /** It is over, and a repetition gets the same replies. */
  readonly remember: () => void
  /** It did not take place, and a repetition shall run. */
  readonly forget: () => void
}

/** One request in hand: from its admission to the acknowledgement that follows its reply. */
export class Served {
  readonly #parts: ServedParts
  #isOver = false

  constructor(parts: ServedParts) {
    this.#parts = parts
    this.onCancel = () => undefined
    this.onGrant = () => undefined
  }

  /** Answered, failed, silenced, cancelled or abandoned. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** When the caller stops waiting, on the link's clock. */
  get expiresAt(): number {
    return this.#parts.seen.expiresAt
  }

  /** Milliseconds the caller waits for a sign of life. */
  get patience(): number {
    return this.#parts.seen.patience
  }

  /** How many items the caller wants at first; `Infinity` when it set no limit. */
  get credit(): number {
    return this.#parts.credit
  }

  get replies(): ReplyKind {
    return this.#parts.replies
  }

  /** Acknowledges before the work instead of after it: a crash then loses the request rather than repeating it. */
  acknowledge(): void {
    this.#parts.delivery.acknowledge()
  }

  /** What to do when the caller gives up. */
  set onCancel(cancel: () => void) {
    this.#parts.seen.cancel = () => {
      if (this.#isOver) return
      cancel()
      this.silence()
    }
  }

  /** What to do when the caller wants more items. */
  set onGrant(grant: (credit: number) => void) {
    this.#parts.seen.grant = (credit) => {
      if (!this.#isOver) grant(credit)
    }
  }

  /** One item of a stream. */
  item(value: unknown, index: number, done: ItemDone): void {
    const { frame } = this.#parts
    if (this.#isOver) return
    if (frame === undefined) {
      done()
      return
    }
    try {
      this.#send(inStream(toAnswer(frame, value), { index, isLast: false }), this.patience, done)
    } catch (thrown) {
      done(thrown)
    }
  }

  /** The end of a stream, after so many items. */
  last(index: number, failure: Failure | undefined, done: ReplyDone): void {
    const { frame } = this.#parts
    const end = frame && (failure === undefined ? toEmptyAnswer(frame) : toFailureReply(frame, failure))
    this.#reply(end && inStream(end, { index, isLast: true }), done)
  }

  /** Answers, and is over; `done` hears whether the reply reached the broker. */
  answer(value: unknown, done: ReplyDone): void {
    const { frame } = this.#parts
    try {
      this.#reply(frame && toAnswer(frame, value), done)
    } catch (thrown) {
      this.fail({ code: Status.internalError, message: 'the answer could not be encoded' }, (error) =>
        done(error ?? thrown),
      )
    }
  }

  answerNothing(done: ReplyDone): void {
    const { frame } = this.#parts
    this.#reply(frame && toEmptyAnswer(frame), done)
  }

  fail(failure: Failure, done: ReplyDone): void {
    const { frame } = this.#parts
    this.#reply(frame && toFailureReply(frame, failure), done)
  }

  /** Turns the request away unhandled, so that the same may be asked again. */
  turnAway(failure: Failure, done: ReplyDone): void {
    this.#parts.forget()
    this.fail(failure, done)
  }

  /** Ends without a reply: nobody waits for one any more. */
  silence(): void {
    if (this.#isOver) return
    this.#conclude()
  }

  /** Lets go of it unacknowledged: the broker shall deliver it again. */
  abandon(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#parts.forget()
  }

  #reply(reply: OutgoingMessage | undefined, done: ReplyDone): void {
    if (this.#isOver) return
    if (reply === undefined) {
      this.#conclude()
      done()
      return
    }
    this.#isOver = true
    this.#send(reply, this.expiresAt - this.#parts.link.scheduler.now(), (error) => {
      this.#conclude()
      done(error)
    })
  }

  #send(reply: OutgoingMessage, left: number, done: ItemDone): void {
    const { link, seen } = this.#parts
    let acknowledged: PublishAck | undefined
    record(seen, reply)
    publishWhole$(link, withExpiry(reply, left), exchangesOf(link).grant).subscribe({
      next: (ack) => {
        acknowledged = ack
      },
      error: (error: unknown) => done(error),
      complete: () => done(undefined, acknowledged),
    })
  }

  #conclude(): void {
    this.#isOver = true
    const { delivery, seen, remember } = this.#parts
    remember()
    delivery.acknowledge()
    for (const join of seen.joined.splice(0)) join()
  }
}

/** Told when an item has reached the broker, or why it did not. */
export type ItemDone = (error?: unknown, ack?: PublishAck) => void

/** Told when a reply has reached the broker, or why it did not. */
export type ReplyDone = (error?: unknown) => void

/** The same bytes with what is left of the request's expiry. */
export function withExpiry(reply: OutgoingMessage, left: number): OutgoingMessage {
  return left === Infinity ? reply : { ...reply, messageExpiryInterval: Math.max(1, Math.ceil(left / 1000)) }
}
