import { userProperty, type Message } from '@antiphon/core'

/** A request and what has been seen of its responses. */
export interface ObservedExchange {
  readonly request: Message
  /** When the request was seen, in milliseconds. */
  readonly startedAt: number
  /** How often the request was seen: 1, and one more for each retry. */
  readonly attempts: number
  /** The last response, which is the only one unless they are a stream. */
  readonly response: Message
  readonly responses: number
  /** All responses, if they are kept; otherwise empty. */
  readonly items: readonly Message[]
  readonly endedAt: number
}

/** Options of `ExchangePairs`. */
export interface PairOptions {
  /** How long a request without an expiry waits for its response, in milliseconds. */
  readonly timeout: number
  /** Whether all responses of a stream are kept. */
  readonly keepsItems: boolean
}

/** Why a message has no counterpart. */
export type UnmatchedReason = 'no-request' | 'no-response'

/** What becomes of observed messages. */
export interface PairObserver {
  readonly onExchange: (exchange: ObservedExchange) => void
  readonly onUnmatched: (message: Message, reason: UnmatchedReason) => void
}

interface PendingExchange {
  readonly request: Message
  readonly startedAt: number
  attempts: number
  responses: number
  readonly items: Message[]
  expiresAt: number
}

/** The most requests that wait for a response; further ones replace the oldest. */
const mostPending = 100_000

/** Pairs the requests and responses of other clients by Response Topic and Correlation Data. */
export class ExchangePairs {
  readonly #observer: PairObserver
  readonly #timeout: number
  readonly #keepsItems: boolean
  readonly #pending = new Map<string, PendingExchange>()

  constructor(observer: PairObserver, { timeout, keepsItems }: PairOptions) {
    this.#observer = observer
    this.#timeout = timeout
    this.#keepsItems = keepsItems
  }

  /** The number of requests that wait for a response. */
  get pending(): number {
    return this.#pending.size
  }

  receiveRequest(request: Message, now: number): void {
    const { responseTopic, messageExpiryInterval } = request
    if (responseTopic === undefined || isControlMessage(request)) return
    const key = keyOf(responseTopic, request)
    const known = this.#pending.get(key)
    const lifetime = messageExpiryInterval === undefined ? this.#timeout : messageExpiryInterval * 1_000
    if (known !== undefined) {
      known.attempts += 1
      known.expiresAt = now + lifetime
      return
    }
    this.#pending.set(key, {
      request,
      startedAt: now,
      attempts: 1,
      responses: 0,
      items: [],
      expiresAt: now + lifetime,
    })
    if (this.#pending.size > mostPending) this.#abandon(this.#pending.keys().next().value ?? '')
  }

  receiveResponse(response: Message, now: number): void {
    if (response.responseTopic !== undefined || response.retain || isAcceptance(response)) return
    const key = keyOf(response.topic, response)
    const pending = this.#pending.get(key)
    if (pending === undefined) return this.#observer.onUnmatched(response, 'no-request')
    const position = userProperty(response.userProperties, '__stream')
    const isEnd = position?.endsWith(':last') === true
    if (!isEnd) {
      pending.responses += 1
      if (this.#keepsItems) pending.items.push(response)
    }
    if (position !== undefined && !isEnd) {
      pending.expiresAt = now + this.#timeout
      return
    }
    this.#pending.delete(key)
    const { request, startedAt, attempts, responses, items } = pending
    this.#observer.onExchange({ request, startedAt, attempts, response, responses, items, endedAt: now })
  }

  /** Reports the requests whose response is overdue. */
  expire(now: number): void {
    for (const [key, { expiresAt }] of this.#pending) if (expiresAt <= now) this.#abandon(key)
  }

  #abandon(key: string): void {
    const pending = this.#pending.get(key)
    this.#pending.delete(key)
    if (pending !== undefined) this.#observer.onUnmatched(pending.request, 'no-response')
  }
}

/** Returns the Correlation Data of a message for people: as text if it is printable, otherwise in hexadecimal. */
export function correlationOf({ correlationData }: Message): string | undefined {
  if (correlationData === undefined) return undefined
  const bytes = Buffer.from(correlationData)
  const text = bytes.toString('latin1')
  return /^[\x20-\x7e]*$/.test(text) ? text : bytes.toString('hex')
}

function keyOf(responseTopic: string, { correlationData = new Uint8Array() }: Message): string {
  return `${Buffer.from(correlationData).toString('hex')} ${responseTopic}`
}

/** Whether a message cancels a request or gives credit: its `__ctl` is then no number. */
function isControlMessage({ userProperties }: Message): boolean {
  return !/^\d*$/.test(userProperty(userProperties, '__ctl') ?? '')
}

/** Whether a message only names the control topic of a responder. */
function isAcceptance({ userProperties, payload }: Message): boolean {
  return payload.length === 0 && userProperty(userProperties, '__stat') === '202'
}
