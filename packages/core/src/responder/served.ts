import { publishWhole$ } from '../chunk/publish-whole.js'
import type { ReplyKind } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import { exchangesOf } from '../exchange/exchanges.js'
import type { Delivery, Link, PublishAck } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import type { Failure } from '../status.js'
import { record, type Seen } from './duplicates.js'
import { UNSENDABLE } from './failures.js'
import { inStream, toAnswer, toBareFailure, toEmptyAnswer, toFailureReply, type ReplyFrame } from './reply.js'

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
  /** Whether the link has closed, so that no reply can go out any more. */
  readonly isStranded: () => boolean
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

  /** The link has closed: no reply can go out any more. */
  get isStranded(): boolean {
    return this.#parts.isStranded()
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

  /** One item of a stream; throws when it does not encode. `undefined` where nobody is to get it. */
  toItem(value: unknown, index: number): OutgoingMessage | undefined {
    const { frame } = this.#parts
    return frame && inStream(toAnswer(frame, value), { index, isLast: false })
  }

  sendItem(item: OutgoingMessage | undefined, done: ItemDone): void {
    if (this.#isOver) return
    if (item === undefined) {
      done()
      return
    }
    record(this.#parts.seen, item)
    this.#send(item, this.patience, done)
  }

  /** The end of a stream, after so many items. */
  last(index: number, failure: Failure | undefined, done: ReplyDone): void {
    const attempts = failure === undefined ? [{ toReply: toEmptyAnswer }] : failing(failure)
    const place = { index, isLast: true }
    this.#reply(
      attempts.map(({ toReply, status }) => ({
        status,
        toReply: (frame) => {
          const end = toReply(frame)
          return end && inStream(end, place)
        },
      })),
      done,
    )
  }

  /** Answers, and is over. */
  answer(value: unknown, done: ReplyDone): void {
    this.#reply([{ toReply: (frame) => toAnswer(frame, value) }, ...failing(UNSENDABLE)], done)
  }

  answerNothing(done: ReplyDone): void {
    this.#reply([{ toReply: toEmptyAnswer }], done)
  }

  fail(failure: Failure, done: ReplyDone): void {
    this.#reply(failing(failure), done)
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

  /** Sends the first reply that can be made and sent. */
  #reply(attempts: readonly Attempt[], done: ReplyDone): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#attempt(attempts, done)
  }

  #attempt([attempt, ...others]: readonly Attempt[], done: ReplyDone, earlier?: unknown): void {
    const { frame, seen, link } = this.#parts
    const next = (error: unknown): void => this.#attempt(others, done, earlier ?? error)
    const end = (how: Sent): void => {
      this.#conclude()
      done(how)
    }
    if (attempt === undefined) {
      end({ kind: 'unsent', error: earlier })
      return
    }
    let reply: OutgoingMessage | undefined
    try {
      reply = frame && attempt.toReply(frame)
    } catch (thrown) {
      next(thrown)
      return
    }
    const { status } = attempt
    const sent: Sent =
      earlier === undefined || status === undefined
        ? { kind: 'sent' }
        : { kind: 'sent-instead', status, error: earlier }
    if (reply === undefined) {
      end(sent)
      return
    }
    const going = reply
    this.#send(going, this.expiresAt - link.scheduler.now(), (error) => {
      if (error !== undefined && others.length > 0 && isUnfit(error)) {
        next(error)
        return
      }
      record(seen, going)
      end(error === undefined ? sent : { kind: 'unsent', error })
    })
  }

  #send(message: OutgoingMessage, left: number, done: ItemDone): void {
    const { link } = this.#parts
    let acknowledged: PublishAck | undefined
    publishWhole$(link, withExpiry(message, left), exchangesOf(link).grant).subscribe({
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

/** What became of a reply. */
export type Sent =
  | { readonly kind: 'sent' }
  /** It could not be made or sent; the caller was told this status in its place. */
  | { readonly kind: 'sent-instead'; readonly status: number; readonly error: unknown }
  | { readonly kind: 'unsent'; readonly error: unknown }

/** Told what became of a reply. */
export type ReplyDone = (sent: Sent) => void

/** A way to reply; where it cannot be gone, the next one is tried. */
interface Attempt {
  readonly toReply: (frame: ReplyFrame) => OutgoingMessage | undefined
  /** The status it tells where that is not what was wanted at first. */
  readonly status?: number | undefined
}

/** The ways to tell a failure: in all its words, and where these get in the way, in none. */
function failing(failure: Failure): readonly Attempt[] {
  const { code: status } = failure
  return [
    { status, toReply: (frame) => toFailureReply(frame, failure) },
    { status, toReply: (frame) => toBareFailure(frame, { code: status }) },
  ]
}

/** Whether a message as it is can never be sent. */
function isUnfit(error: unknown): boolean {
  const { code } = AntiphonError.from(error)
  return code === 'invalid-argument' || code === 'too-large'
}

/** The same bytes with what is left of the request's expiry. */
export function withExpiry(reply: OutgoingMessage, left: number): OutgoingMessage {
  return left === Infinity ? reply : { ...reply, messageExpiryInterval: Math.max(1, Math.ceil(left / 1000)) }
}
