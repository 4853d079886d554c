import type { ExchangeEvent, ObservedError, ObservedMessage } from '@antiphon/core/events'
import { StreamStalls } from './stream-stalls.js'

/** How many events of one exchange are kept; a long stream has more. */
const MAX_EVENTS = 300

/** One exchange: the events of its requester and its responder, as far as they have arrived. */
export class ExchangeRow {
  readonly id: number
  endpoint = ''
  topic = ''
  correlation: string | undefined
  /** The client ids of the two sides; `undefined` for a side whose events have not been seen. */
  requester: string | undefined
  responder: string | undefined
  group: string | undefined
  /** The ids of the links of the two sides. */
  readonly links: Set<string> = new Set()
  readonly startedAt: number
  /** When the requester stops waiting. */
  deadline: number | undefined
  settledAt: number | undefined
  /** How it ended: at the requester, if that is known. */
  outcome: string | undefined
  status: number | undefined
  error: ObservedError | undefined
  attempts = 0
  duplicates = 0
  items = 0
  credit: number | undefined
  /** When the responder had no credit left, as its requester sees it. */
  readonly stalls: StreamStalls = new StreamStalls()
  /** Events that were not kept. */
  omitted = 0
  request: ObservedMessage | undefined
  response: ObservedMessage | undefined
  readonly events: ExchangeEvent[] = []
  #isSettledAtRequester = false

  constructor(id: number, startedAt: number) {
    this.id = id
    this.startedAt = startedAt
  }

  get isPending(): boolean {
    return this.settledAt === undefined
  }

  /** Milliseconds from the first event to the end. */
  get duration(): number | undefined {
    return this.settledAt === undefined ? undefined : this.settledAt - this.startedAt
  }

  /** Adds an event of the exchange. */
  add(event: ExchangeEvent): void {
    if (this.events.length < MAX_EVENTS || event.kind === 'settled') this.events.push(event)
    else this.omitted++
    this.links.add(event.link)
    if (event.side === 'requester') this.#addRequester(event)
    else if (event.side === 'responder') this.#addResponder(event)
  }

  #addRequester(event: ExchangeEvent & { readonly side: 'requester' }): void {
    this.endpoint = event.endpoint
    if (event.client !== '' || this.requester === undefined) this.requester = event.client
    switch (event.kind) {
      case 'requested':
        this.topic ||= event.topic
        this.deadline = event.at + event.timeout
        return
      case 'sent':
      case 'retried':
        this.attempts = event.attempt
        this.correlation = event.correlation
        this.request = event.message
        this.topic = event.message.topic
        this.stalls.onRequest(event.message)
        return
      case 'received':
        this.items++
        this.response = event.message
        this.stalls.onItem(event.at)
        return
      case 'credit':
        this.credit = event.total
        this.stalls.onCredit(event.at, event.total)
        return
      case 'settled':
        this.#isSettledAtRequester = true
        this.stalls.onSettled(event.at, event.outcome)
        this.#settle(event.at, event.outcome, event.status, event.error)
        return
      default:
    }
  }

  #addResponder(event: ExchangeEvent & { readonly side: 'responder' }): void {
    this.endpoint ||= event.endpoint
    this.responder = event.client
    switch (event.kind) {
      case 'received':
        this.group = event.group
        this.correlation ??= event.correlation
        this.request ??= event.message
        this.topic ||= event.message.topic
        return
      case 'responded':
        if (this.requester === undefined) this.items++
        this.response ??= event.message
        return
      case 'duplicate':
        this.duplicates++
        return
      case 'ignored':
        this.request ??= event.message
        this.topic ||= event.message.topic
        this.#settleAtResponder(event.at, `ignored: ${event.reason}`, event.status, { message: event.detail })
        return
      case 'settled':
        this.#settleAtResponder(event.at, event.outcome, event.status, event.error)
        return
      default:
    }
  }

  #settleAtResponder(at: number, outcome: string, status?: number, error?: ObservedError): void {
    // The requester has the last word, if it is observed: it may be waiting still.
    if (this.#isSettledAtRequester || this.requester !== undefined) {
      this.status ??= status
      this.error ??= error
    } else this.#settle(at, outcome, status, error)
  }

  #settle(at: number, outcome: string, status?: number, error?: ObservedError): void {
    this.settledAt = at
    this.outcome = outcome
    this.status = status ?? this.status
    this.error = error ?? this.error
  }
}
