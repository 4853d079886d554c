import { publishWhole$ } from '../chunk/publish-whole.js'
import type { ReplyKind } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { Delivery, Grant, Link, PublishAck } from '../link/link.js'
import type { Failure } from '../status.js'
import { canMake, failing, IN_PLACE_OF_ANSWER, NOTHING_TO_TELL, type Attempt } from './attempts.js'
import type { Known, Remembered } from './duplicates.js'
import type { ServeOutcome } from './outcome.js'
import { inStream, toAnswer, toMessage, type Reply, type ReplyFrame } from './reply.js'

/** How many replies to one request are kept for repetitions. */
const REPLIES_LIMIT = 256

/** The door a request came in by, which knows it again. */
export interface Door {
  readonly link: Link
  /** What the broker allows. */
  readonly grant: Grant | undefined
  readonly replies: ReplyKind
  /** The link has closed: no reply can go out any more. */
  readonly isShut: boolean
  /** It is over, and a repetition gets the same replies. */
  readonly remember: (known: Known<Served>, ended: Remembered) => void
  /** It did not take place, and a repetition shall run. */
  readonly forget: (known: Known<Served>) => void
  /** It was admitted, and this is what became of it. */
  readonly count: (outcome: ServeOutcome) => void
}

/** What a request in hand works with. */
export interface ServedParts {
  readonly door: Door
  /** What its replies have in common; absent for a notification, which gets none. */
  readonly frame: ReplyFrame | undefined
  readonly delivery: Delivery
  /** When its caller stops waiting, on the link's clock. */
  readonly expiresAt: number
  /** Milliseconds its caller waits for a sign of life. */
  readonly patience: number
  /** Until when a repetition is to be expected. */
  readonly rememberUntil: number
  /** How many items the caller wants at first; `Infinity` when it set no limit. */
  readonly credit: number
}

/** One request in hand: from its admission to the acknowledgement that follows its reply. */
export class Served {
  /** When its caller stops waiting, on the link's clock. */
  readonly expiresAt: number
  /** Milliseconds its caller waits for a sign of life. */
  readonly patience: number
  /** How many items the caller wants at first; `Infinity` when it set no limit. */
  readonly credit: number
  /** What its repetitions know it by; `undefined` where nothing tells it from others. */
  known: Known<Served> | undefined
  /** What to do when the caller gives up. */
  onCancel: () => void = nothing
  /** What to do when the caller wants more items. */
  onGrant: (credit: number) => void = nothing
  readonly #door: Door
  readonly #frame: ReplyFrame | undefined
  readonly #delivery: Delivery
  readonly #rememberUntil: number
  /** What was sent so far; `undefined` once it is too much to be kept. */
  #kept: Reply[] | undefined = NONE
  #joined: (() => void)[] | undefined
  #isAcknowledged = false
  #isOver = false

  constructor(parts: ServedParts) {
    this.#door = parts.door
    this.#frame = parts.frame
    this.#delivery = parts.delivery
    this.#rememberUntil = parts.rememberUntil
    this.expiresAt = parts.expiresAt
    this.patience = parts.patience
    this.credit = parts.credit
  }

  /** The link has closed: no reply can go out any more. */
  get isStranded(): boolean {
    return this.#door.isShut
  }

  get link(): Link {
    return this.#door.link
  }

  get replies(): ReplyKind {
    return this.#door.replies
  }

  /** Acknowledges before the work instead of after it: a crash then loses the request rather than repeating it. */
  acknowledge(): void {
    this.#isAcknowledged = true
    this.#delivery.acknowledge()
  }

  /** The broker has it until it is acknowledged, delivers it again if it is not, and sends only so many at a time. */
  get isKeptByBroker(): boolean {
    return !this.#isAcknowledged && this.#delivery.message.qos > 0
  }

  /** Whether there is a way to tell its caller of a failure. */
  canTell(failure: Failure): boolean {
    const frame = this.#frame
    return frame !== undefined && failing(failure).some((attempt) => canMake(attempt, frame))
  }

  /** The caller gives up. */
  cancel(): void {
    if (this.#isOver) return
    this.onCancel()
    this.silence()
  }

  /** The caller wants more items. */
  grant(credit: number): void {
    if (!this.#isOver) this.onGrant(credit)
  }

  /** A repetition joins: it is acknowledged together with this one. */
  join(acknowledge: () => void): void {
    this.#joined ??= []
    this.#joined.push(acknowledge)
  }

  /** One item of a stream; throws when it does not encode. `undefined` where nobody is to get it. */
  toItem(value: unknown, index: number): Reply | undefined {
    const frame = this.#frame
    return frame && inStream(toAnswer(frame, value), { index, isLast: false })
  }

  sendItem(item: Reply | undefined, done: ItemDone): void {
    const frame = this.#frame
    if (this.#isOver) return
    if (item === undefined || frame === undefined) {
      done()
      return
    }
    this.#keep(item)
    this.#send(item, frame, this.patience, done)
  }

  /** The end of a stream, after so many items. */
  last(index: number, failure: Failure | undefined, done: ReplyDone): void {
    const inPlace = ({ toReply, status }: Attempt): Attempt => ({
      status,
      toReply: (frame) => {
        const end = toReply(frame)
        return end && inStream(end, { index, isLast: true })
      },
    })
    const attempts = failure === undefined ? NOTHING_TO_TELL : failing(failure)
    this.#reply(attempts.map(inPlace), done)
  }

  /** Answers, and is over. */
  answer(value: unknown, done: ReplyDone): void {
    this.#reply(IN_PLACE_OF_ANSWER, done, { toReply: (frame) => toAnswer(frame, value) })
  }

  answerNothing(done: ReplyDone): void {
    this.#reply(NOTHING_TO_TELL, done)
  }

  fail(failure: Failure, done: ReplyDone): void {
    this.#reply(failing(failure), done)
  }

  /** Turns the request away unhandled, so that the same may be asked again. */
  turnAway(failure: Failure, done: ReplyDone): void {
    this.#forget()
    this.fail(failure, done)
  }

  /** Tells what became of it, once it is over. */
  count(outcome: ServeOutcome): void {
    this.#door.count(outcome)
  }

  /** Ends without a reply: nobody waits for one any more. */
  silence(): void {
    if (!this.#isOver) this.#conclude()
  }

  /** Lets go of it unacknowledged: the broker shall deliver it again. */
  abandon(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#forget()
  }

  /** Sends the first reply that can be made and sent: this one, or else one of those. */
  #reply(others: readonly Attempt[], done: ReplyDone, first?: Attempt): void {
    if (this.#isOver) return
    this.#isOver = true
    if (first === undefined) this.#attemptNext(others, 0, done)
    else this.#attempt(first, others, 0, done)
  }

  #attemptNext(attempts: readonly Attempt[], next: number, done: ReplyDone, earlier?: unknown): void {
    const attempt = attempts[next]
    if (attempt === undefined) {
      this.#end({ kind: 'unsent', error: earlier }, done)
      return
    }
    this.#attempt(attempt, attempts, next + 1, done, earlier)
  }

  #attempt(
    { toReply, status }: Attempt,
    others: readonly Attempt[],
    next: number,
    done: ReplyDone,
    earlier?: unknown,
  ): void {
    const frame = this.#frame
    let reply: Reply | undefined
    try {
      reply = frame && toReply(frame)
    } catch (thrown) {
      this.#attemptNext(others, next, done, earlier ?? thrown)
      return
    }
    const sent: Sent =
      earlier === undefined || status === undefined ? SENT : { kind: 'sent-instead', status, error: earlier }
    if (reply === undefined || frame === undefined) {
      this.#end(sent, done)
      return
    }
    const going = reply
    this.#send(going, frame, this.expiresAt - this.link.scheduler.now(), (error) => {
      if (error !== undefined && next < others.length && isUnfit(error)) {
        this.#attemptNext(others, next, done, earlier ?? error)
        return
      }
      this.#keep(going)
      this.#end(error === undefined ? sent : { kind: 'unsent', error }, done)
    })
  }

  #send(reply: Reply, { answerable }: ReplyFrame, left: number, done: ItemDone): void {
    const { link, grant } = this.#door
    publishWhole$(link, toMessage(reply, answerable, left), grant).subscribe({
      next: (ack) => done(undefined, ack),
      error: done,
    })
  }

  /** Keeps a reply for repetitions, as long as there are not too many of them. */
  #keep(reply: Reply): void {
    // Written down as it is, for an array that grows takes room for sixteen more.
    if (this.#kept === NONE) this.#kept = [reply]
    else if (this.#kept !== undefined && this.#kept.length < REPLIES_LIMIT) this.#kept.push(reply)
    else this.#kept = undefined
  }

  #end(how: Sent, done: ReplyDone): void {
    this.#conclude()
    done(how)
  }

  #conclude(): void {
    this.#isOver = true
    const until = this.#rememberUntil
    if (this.known !== undefined) this.#door.remember(this.known, { replies: this.#kept, until })
    this.#delivery.acknowledge()
    for (const join of this.#joined ?? []) join()
  }

  #forget(): void {
    if (this.known !== undefined) this.#door.forget(this.known)
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

const NONE: Reply[] = []

const SENT: Sent = { kind: 'sent' }

/** Told what became of a reply. */
export type ReplyDone = (sent: Sent) => void

/** Whether a message as it is can never be sent. */
function isUnfit(error: unknown): boolean {
  const { code } = AntiphonError.from(error)
  return code === 'invalid-argument' || code === 'too-large'
}

function nothing(): void {}
