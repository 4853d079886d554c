import type { Observer, Subscription as Teardown } from 'rxjs'
import { invalidArgument } from '../argument.js'
import { isChunk } from '../chunk/assembly.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { Transfers } from '../chunk/transfers.js'
import { AntiphonError, type AwaitedStep, type ErrorCode, type ErrorContext } from '../errors.js'
import type { Line } from '../line.js'
import type { PublishAck } from '../link/link.js'
import { userProperty, type Message, type UserProperties } from '../message.js'
import { Status } from '../status.js'
import type { Deadline } from '../time/deadlines.js'
import type { AskParts, Caller } from './caller.js'
import type { LinkWatcher } from './exchanges.js'
import type { Inbox, Shareholder } from './inbox.js'
import type { Lane, Waiting } from './lane.js'
import { Posting } from './posting.js'
import { DecodedOnce } from './received.js'
import type { ExchangeControl, Replies } from './replies.js'
import { outOfTime, StepLimit } from './step-limit.js'

/** Who is told what became of a question: its answers and the end, or an error. */
export type Outcome = Pick<Observer<unknown>, 'next' | 'error' | 'complete'>

/** The broker knows of nobody who is subscribed to the topic. */
const NO_MATCHING_SUBSCRIBERS = 0x10

/** One question from its first publish to its settlement, which happens once. */
export class Exchange implements ExchangeControl, Shareholder, Waiting, LinkWatcher {
  /** Of those who have a share in its inbox. */
  line: Line<Shareholder> | undefined = undefined
  before: Shareholder | undefined = undefined
  behind: Shareholder | undefined = undefined
  readonly #caller: Caller
  readonly #posting: Posting
  readonly #outcome: Outcome
  readonly #replies: Replies
  #inbox: Inbox | undefined
  #lane: Lane | undefined
  #deadline: Deadline
  readonly #stepLimit: StepLimit | undefined
  #nextAttempt: Deadline | undefined
  #publishing: Teardown | undefined
  #transfers: Transfers | undefined
  #attempts = 0
  #isAcknowledged = false
  #hasMissedReplies = false
  #isSettled = false

  /** Throws what is wrong with the question itself, before anything is sent. */
  constructor(caller: Caller, parts: AskParts, outcome: Outcome) {
    const { exchanges, rules, tally } = caller
    this.#caller = caller
    this.#outcome = outcome
    this.#replies = caller.replies()
    this.#posting = new Posting(caller, parts, this.#replies.opening ?? [])
    this.#deadline = exchanges.deadlines.add(rules.timeout, this)
    if (rules.stepTimeouts !== undefined) {
      this.#stepLimit = new StepLimit(exchanges.deadlines, rules.stepTimeouts, (limit) => this.#runOut(limit))
    }
    tally.pending++
    exchanges.opened()
  }

  get replyTopic(): string {
    return this.#posting.replyTopic
  }

  get token(): string {
    return this.#posting.token
  }

  start(): void {
    const { exchanges, rules } = this.#caller
    exchanges.follow()
    const isWatching = rules.onDisconnect === 'fail' || this.#stepLimit !== undefined
    if (isWatching || this.#posting.replyTo === undefined) exchanges.watch(this)
    this.linkOnline()
  }

  /** Gives the question up; tells the responder, where it could already be at work. */
  cancel(): void {
    if (this.#isSettled) return
    this.#caller.tally.cancelled++
    this.#settle()
    if (this.#attempts > 0) this.#note([['__stat', String(Status.cancelled)]])
  }

  // What the link and the inbox say.

  linkOnline(): void {
    this.#mark()
    const { replyTo } = this.#posting
    if (this.#inbox !== undefined || this.#isSettled || replyTo === undefined) return
    const { correlation, response } = this.#caller.endpoint
    try {
      this.#posting.address(replyTo.topic)
    } catch (thrown) {
      this.#end(this.#told(AntiphonError.from(thrown)))
      return
    }
    this.#inbox = this.#caller.exchanges.inbox(replyTo.filter)
    this.#lane = this.#inbox.lane(correlation, response)
    this.#inbox.acquire(this)
  }

  linkOffline(error: AntiphonError): void {
    this.#mark()
    if (this.#caller.rules.onDisconnect === 'fail' && this.#attempts > 0) this.#end(this.#told(error))
  }

  linkClosed(error: AntiphonError): void {
    this.#end(this.#told(error))
  }

  inboxOpened(): void {
    if (this.#attempts === 0) this.#register()
    else if (this.#hasMissedReplies && this.#caller.rules.onDisconnect === 'resend') this.#publish()
    this.#hasMissedReplies = false
  }

  inboxLapsed(): void {
    this.#hasMissedReplies = true
  }

  inboxFailed(error: AntiphonError): void {
    this.#end(this.#told(error))
  }

  receive(reply: DecodedOnce): void {
    // Whoever answers has heard the question.
    this.#nextAttempt?.cancel()
    this.#stepLimit?.clear()
    const { response } = this.#caller.endpoint
    const whole = isChunk(reply.message) ? this.#assemble(reply.message) : reply.as(response)
    if (whole !== undefined) this.#replies.receive(whole, this)
  }

  // What its replies decide.

  emit(value: unknown): void {
    if (!this.#isSettled) this.#outcome.next(value)
  }

  finish(answer?: { readonly value: unknown }): void {
    if (this.#isSettled) return
    this.#caller.tally.answered++
    // Before anybody hears of it: who leaves with the answer does not cancel what was answered.
    this.#settle()
    if (answer !== undefined) this.#outcome.next(answer.value)
    this.#outcome.complete()
  }

  fail(error: AntiphonError): void {
    if (this.#isSettled) return
    const { rules, exchanges } = this.#caller
    if (this.#attempts >= rules.attempts || !rules.isWorthRetrying(error)) {
      this.#end(error)
      return
    }
    this.#nextAttempt?.cancel()
    this.#nextAttempt = exchanges.deadlines.add(rules.backOff(this.#attempts), () => this.#publish())
  }

  failure<C extends ErrorCode>(code: C, message: string, context: ErrorContext = {}): AntiphonError<C> {
    return new AntiphonError(code, message, { ...this.#context(), ...context })
  }

  postpone(milliseconds: number): void {
    if (this.#isSettled) return
    this.#deadline.cancel()
    this.#deadline = this.#caller.exchanges.deadlines.add(milliseconds, this)
  }

  tell(userProperties: UserProperties): void {
    if (!this.#isSettled) this.#note(userProperties)
  }

  // The way there and the way out.

  #register(): void {
    if (this.#lane?.add(this) === false) {
      const why = `another question is open whose answer comes on ${this.replyTopic} as well`
      this.#end(this.#told(invalidArgument(`${why}: give each a reply topic of its own, or use inOrder()`)))
      return
    }
    this.#publish()
  }

  #publish(): void {
    const { exchanges, rules, tally } = this.#caller
    if (this.#attempts > 0) tally.retried++
    this.#attempts++
    this.#mark()
    this.#nextAttempt?.cancel()
    if (this.#attempts < rules.attempts) {
      this.#nextAttempt = exchanges.deadlines.add(rules.patience, () => this.#publish())
    }
    this.#publishing?.unsubscribe()
    const message = this.#posting.toMessage(this.#deadline.left())
    if (this.#attempts >= rules.attempts && rules.onDisconnect !== 'resend') this.#posting.letGo()
    const publishing = publishWhole$(exchanges.link, message, exchanges.grant).subscribe({
      next: (ack) => this.#acknowledged(ack),
      error: (error: unknown) => this.#unsent(AntiphonError.from(error)),
      complete: () => {
        this.#publishing = undefined
      },
    })
    if (this.#isSettled) publishing.unsubscribe()
    else if (!publishing.closed) this.#publishing = publishing
  }

  #unsent(error: AntiphonError): void {
    // The message's expiry is the caller's time: whichever is looked at first, both are up.
    if (error.code === 'expired') this.due()
    else this.fail(this.#told(error))
  }

  /** The reply that another part completes. */
  #assemble(part: Message): DecodedOnce | undefined {
    const { exchanges, endpoint } = this.#caller
    this.#transfers ??= new Transfers(exchanges.deadlines)
    const assembled = this.#transfers.add(userProperty(part.userProperties, '__stream') ?? '', part)
    if (assembled.kind === 'whole') return new DecodedOnce(assembled.message, endpoint.response)
    if (assembled.kind === 'broken')
      this.fail(this.failure('protocol', `the reply in parts: ${assembled.reason}`))
    return undefined
  }

  #note(userProperties: UserProperties): void {
    const note = this.#posting.toNote(this.#deadline.left(), userProperties)
    if (note !== undefined) this.#caller.exchanges.link.publish$(note).subscribe({ error: () => undefined })
  }

  #acknowledged({ reasonCode }: PublishAck): void {
    this.#isAcknowledged = true
    this.#mark()
    if (reasonCode !== NO_MATCHING_SUBSCRIBERS || !this.#caller.rules.failFast) return
    this.fail(this.failure('no-responder', `nobody is subscribed to ${this.#posting.topic}`, { reasonCode }))
  }

  /** The time is up. */
  due(): void {
    const isAsked = this.#attempts > 0
    if (isAsked && this.#replies.timedOut !== undefined) {
      const timeUp = this.#replies.timedOut(this)
      if (timeUp === 'answered') this.finish()
      else if (timeUp !== 'waiting') this.#end(timeUp)
      return
    }
    this.#runOut(this.#caller.rules.timeout)
  }

  #runOut(milliseconds: number): void {
    const awaited = this.#awaited
    const question = `${this.#caller.endpoint.name}, question ${this.#posting.shownToken}`
    this.#end(this.failure('timeout', `${question}: ${outOfTime(awaited, milliseconds)}`, { awaited }))
  }

  #end(error: AntiphonError): void {
    if (this.#isSettled) return
    this.#caller.tally[error.code === 'timeout' ? 'timedOut' : 'failed']++
    this.#settle()
    this.#outcome.error(error)
  }

  #settle(): void {
    this.#isSettled = true
    this.#caller.tally.pending--
    this.#deadline.cancel()
    this.#stepLimit?.clear()
    this.#nextAttempt?.cancel()
    this.#publishing?.unsubscribe()
    this.#transfers?.clear()
    this.#lane?.remove(this)
    this.#inbox?.release(this)
    this.#caller.exchanges.unwatch(this)
    this.#caller.exchanges.settled()
  }

  #mark(): void {
    this.#stepLimit?.enter(this.#awaited)
  }

  get #awaited(): AwaitedStep {
    if (this.#attempts > 0) return this.#isAcknowledged ? 'answer' : 'acknowledgement'
    return this.#caller.exchanges.isOnline ? 'subscription' : 'connection'
  }

  #told(error: AntiphonError): AntiphonError {
    return error.within(this.#context())
  }

  #context(): ErrorContext {
    return {
      endpoint: this.#caller.endpoint.name,
      topic: this.#posting.topic,
      correlation: this.#posting.shownToken,
      phase: this.#attempts > 0 ? 'after-network' : 'before-network',
    }
  }
}
