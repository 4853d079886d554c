import { isLeft } from 'fp-ts/lib/Either.js'
import { catchError, EMPTY, merge } from 'rxjs'
import { isChunk } from '../chunk/assembly.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { Transfers, type TransferBounds } from '../chunk/transfers.js'
import { reasonOf } from '../codec/decode-failure.js'
import type { Answerable } from '../correlation/correlation.js'
import type { Endpoint, ReplyKind } from '../endpoint.js'
import { exchangesOf, type Exchanges } from '../exchange/exchanges.js'
import { DecodedOnce } from '../exchange/received.js'
import type { Delivery, Grant, Link } from '../link/link.js'
import type { Message } from '../message.js'
import { creditOf, grantOf, isCancel } from '../notes.js'
import type { Failure } from '../status.js'
import { Duplicates, type DuplicateBounds, type Known, type Remembered } from './duplicates.js'
import { payloadFault, versionFault } from './faults.js'
import { toHeaderFailure, type HeaderRule } from './header-rule.js'
import type { ServeOutcome } from './outcome.js'
import type { Refusal, RefusalReason } from './refusal.js'
import type { ReplyTopicCheck } from './reply-topic.js'
import { ReplyFrame, toMessage } from './reply.js'
import { Served, type Door } from './served.js'
import type { ServedTally } from './served-counts.js'

/** What the door of a responder is built from. */
export interface AdmissionParts {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly checkReplyTopic: ReplyTopicCheck
  readonly headers: HeaderRule | undefined
  readonly duplicates: Required<DuplicateBounds>
  readonly transfers: TransferBounds | undefined
  readonly refused: (refusal: Refusal) => void
}

/** A request that may be handled. */
export interface Admitted {
  readonly message: Message
  readonly value: unknown
  readonly params: Readonly<Record<string, string>>
  readonly served: Served
}

/** A message that could become a request. */
interface Candidate {
  readonly delivery: Delivery
  readonly received: DecodedOnce
  readonly params: Readonly<Record<string, string>>
  readonly answerable: Answerable
  readonly replyTopic: string | undefined
  /** What tells it from others; `undefined` where nothing does. */
  readonly key: string | undefined
}

/**
 * The door of a responder: decides of each arriving message, in the order that docs/wire.md sets, whether the handler
 * gets to see it, and deals with all that it does not.
 */
export class Admission implements Door {
  readonly #parts: AdmissionParts
  readonly #exchanges: Exchanges
  readonly #duplicates: Duplicates<Served>
  readonly #transfers: Transfers
  readonly #tally: ServedTally
  #isShut = false

  constructor(parts: AdmissionParts) {
    this.#parts = parts
    this.#duplicates = new Duplicates(parts.duplicates)
    this.#exchanges = exchangesOf(parts.link)
    this.#tally = this.#exchanges.served(parts.endpoint)
    this.#transfers = new Transfers(this.#exchanges.deadlines, parts.transfers)
  }

  get link(): Link {
    return this.#parts.link
  }

  get grant(): Grant | undefined {
    return this.#exchanges.grant
  }

  get replies(): ReplyKind {
    return this.#parts.endpoint.replies
  }

  get isShut(): boolean {
    return this.#isShut
  }

  readonly remember = (known: Known<Served>, ended: Remembered): void =>
    this.#duplicates.end(known, ended, this.#now())

  /** It was admitted, and this is what became of it. */
  readonly count = (outcome: ServeOutcome): void => void this.#tally[outcome]++

  readonly forget = (known: Known<Served>): void => this.#duplicates.drop(known)

  /** The request to be handled, or `undefined` when the message has been dealt with. */
  admit(delivery: Delivery): Admitted | undefined {
    try {
      const admitted = this.#examine(delivery)
      if (admitted !== undefined) this.#tally.received++
      return admitted
    } catch (thrown) {
      // Correlations and rules may be anybody's; no message ends the stream of requests.
      return this.#refuse(delivery, 'invalid', `it could not be examined: ${reasonOf(thrown)}`)
    }
  }

  #examine(delivery: Delivery): Admitted | undefined {
    const { endpoint } = this.#parts
    const { message } = delivery
    if (message.retain) return this.#refuse(delivery, 'retained', 'it lay retained at the broker')
    const params = endpoint.topic.match(message.topic)
    if (params === undefined) {
      return this.#refuse(delivery, 'invalid', `its topic does not match ${endpoint.topic.template}`)
    }
    const received = new DecodedOnce(message, endpoint.request)
    const answerable = endpoint.correlation.answer(received)
    const replyTopic = endpoint.reply?.place(params).topic ?? answerable.replyTopic
    const fault = this.#replyTopicFault(replyTopic)
    if (fault !== undefined) return this.#refuse(delivery, 'reply-topic', fault)
    const key = keyOf(replyTopic, answerable.token)
    if (isChunk(message)) return this.#assemble(delivery, key)
    return this.#consider({ delivery, received, params, answerable, replyTopic, key })
  }

  /** The link has closed: what is in hand can be answered no more. */
  shut(): void {
    this.#isShut = true
  }

  /** Drops what is incomplete. */
  close(): void {
    this.#transfers.clear()
  }

  /** A part is acknowledged as it comes, the last one with the request it completes. */
  #assemble(delivery: Delivery, key: string | undefined): Admitted | undefined {
    if (key === undefined)
      return this.#refuse(delivery, 'invalid', 'it is a part of a request without a correlation')
    const assembled = this.#transfers.add(key, delivery.message)
    if (assembled.kind === 'whole') return this.#examine({ ...delivery, message: assembled.message })
    if (assembled.kind === 'broken') return this.#refuse(delivery, 'invalid', assembled.reason)
    delivery.acknowledge()
    return undefined
  }

  #consider(candidate: Candidate): Admitted | undefined {
    const { delivery, received, params, key } = candidate
    const { message } = delivery
    const known = key === undefined ? undefined : this.#duplicates.find(key, this.#now())
    const running = known?.running
    if (isCancel(message)) {
      running?.cancel()
      return this.#refuse(delivery, 'cancel', 'it calls off an earlier one')
    }
    const grant = grantOf(message)
    if (grant !== undefined) {
      running?.grant(grant)
      delivery.acknowledge()
      return undefined
    }
    const fault = versionFault(message) ?? this.#headerFault(message)
    // Not to be remembered: it says nothing about the same request with other headers.
    if (fault !== undefined)
      return this.#turnDown(this.#begin({ ...candidate, key: undefined }), message, fault)
    if (running !== undefined) return this.#join(running, delivery)
    if (known !== undefined) return this.#repeat(known, candidate)
    const served = this.#begin(candidate)
    const decoded = received.read()
    if (isLeft(decoded)) return this.#turnDown(served, message, payloadFault(decoded.left))
    return { message, value: decoded.right, params, served }
  }

  #begin({ delivery, answerable, replyTopic, key }: Candidate): Served {
    const { endpoint, duplicates } = this.#parts
    const { message: request } = delivery
    const { messageExpiryInterval: expiry } = request
    const now = this.#now()
    const patience = expiry === undefined ? Infinity : expiry * 1000
    const hasStatuses = this.grant?.protocolVersion !== 4
    const frame =
      replyTopic === undefined
        ? undefined
        : new ReplyFrame({ endpoint, request, replyTopic, answerable, hasStatuses })
    const served = new Served({
      door: this,
      frame,
      delivery,
      expiresAt: now + patience,
      patience,
      rememberUntil: now + (expiry === undefined ? duplicates.keepFor : patience),
      credit: creditOf(request),
    })
    if (key !== undefined) served.known = this.#duplicates.begin(key, served)
    return served
  }

  #join(running: Served, delivery: Delivery): undefined {
    running.join(delivery.acknowledge)
    this.#report(delivery.message, 'duplicate', 'it repeats one that is being handled')
    return undefined
  }

  /** A repetition of one that has ended gets the same bytes again with its own expiry. */
  #repeat({ replies }: Remembered, { delivery, answerable }: Candidate): undefined {
    if (replies === undefined) {
      return this.#refuse(delivery, 'duplicate', 'it repeats one whose answers were too many to be kept')
    }
    const { messageExpiryInterval: expiry } = delivery.message
    const left = expiry === undefined ? Infinity : expiry * 1000
    const sent = replies.map((reply) =>
      publishWhole$(this.link, toMessage(reply, answerable, left), this.grant).pipe(catchError(() => EMPTY)),
    )
    merge(...sent).subscribe({ complete: delivery.acknowledge })
    this.#report(delivery.message, 'duplicate', 'it repeats one that was answered, and is answered the same')
    return undefined
  }

  #turnDown(served: Served, message: Message, failure: Failure): undefined {
    this.#report(message, 'invalid', failure.message ?? '', failure.code)
    served.fail(failure, () => undefined)
    return undefined
  }

  #refuse(delivery: Delivery, reason: RefusalReason, detail: string): undefined {
    delivery.acknowledge()
    this.#report(delivery.message, reason, detail)
    return undefined
  }

  #report(message: Message, reason: RefusalReason, detail: string, status?: number): void {
    const { endpoint, refused } = this.#parts
    this.#tally.refused++
    refused({ reason, endpoint: endpoint.name, message, detail, ...(status === undefined ? {} : { status }) })
  }

  #headerFault(message: Message): Failure | undefined {
    const fault = this.#parts.headers?.(message)
    return fault && toHeaderFailure(fault)
  }

  #replyTopicFault(replyTopic: string | undefined): string | undefined {
    if (replyTopic === undefined) {
      return this.#parts.endpoint.acceptsNotifications ? undefined : 'it names no Response Topic'
    }
    const fault = this.#parts.checkReplyTopic(replyTopic)
    return fault === undefined ? undefined : `its reply topic ${replyTopic} is refused: ${fault}`
  }

  #now(): number {
    return this.#parts.link.scheduler.now()
  }
}

/** The same token under another reply topic is another request; a topic holds no U+0000 [MQTT-4.7.3-2]. */
function keyOf(replyTopic: string | undefined, token: string | undefined): string | undefined {
  return replyTopic === undefined || token === undefined ? undefined : `${replyTopic}\u0000${token}`
}
