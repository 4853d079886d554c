import { ReplaySubject, share, tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import { withBase, baseOf } from '../link/base-link.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Incident, Link, LinkMiddleware, LinkState } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import type { EventObserver } from '../observe/event-hub.js'
import type { EventSink, ExchangeEvent, LinkEvent, ObservedMessage } from '../observe/exchange-event.js'
import type { IgnoredRequest } from '../observe/ignored-request.js'
import { observationsOf } from '../observe/observations.js'
import { observeExchanges } from '../observe/observe-exchanges.js'
import { toObservedError } from '../observe/observed-error.js'
import { wholeNumberRule, type OptionRules } from '../option-rules.js'
import { correlationOf, toObservedMessage, type MessageRules } from './observed-message.js'

/** What events do not contain. */
export interface RedactionRules {
  /**
   * The names of User Properties whose values are replaced by `[redacted]`, in any case.
   * @defaultValue authorization, cookie, password, secret and token
   */
  readonly userProperties?: readonly string[]
  /** Returns the payload that events contain, with the topic of its message. @defaultValue the payload as it is */
  readonly payload?: (payload: Uint8Array, topic: string) => Uint8Array
}

/** Options of `observed`. */
export interface ObservedOptions {
  /** How many bytes of each payload events contain. @defaultValue 0 */
  readonly payloadBytes?: number
  /** What events do not contain. */
  readonly redact?: RedactionRules
}

const SECRETS = ['authorization', 'cookie', 'password', 'secret', 'token']

const observedOptionRules: OptionRules<ObservedOptions> = {
  payloadBytes: wholeNumberRule(0),
  redact: {
    userProperties: (value) =>
      Array.isArray(value) && value.every((name) => typeof name === 'string')
        ? undefined
        : 'it must be an array of names',
    payload: 'function',
  } satisfies OptionRules<RedactionRules>,
}

/**
 * Passes events to a sink about what happens to each exchange on a link, at its requester and at its responder, and about
 * the link itself: requests sent, acknowledged and retried, responses, duplicates, cancels, credit, unmatched responses,
 * ignored requests, and the states of the connection.
 *
 * The events concern the link with all middleware around it. Without a sink, a link creates no events. A sink that throws
 * affects nothing else: the event is dropped, and an event `dropped` says how many were.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), observed(({ kind, ...details }) => console.log(kind, details)))
 * ```
 */
export function observed(sink: EventSink, options: ObservedOptions = {}): LinkMiddleware {
  requireArgument('sink', sink, 'function')
  requireArgument('options', options, observedOptionRules)
  const { payloadBytes = 0, redact = {} } = options
  const { userProperties = SECRETS, payload: redactPayload } = redact
  const redacted = new Set(userProperties.map((name) => name.toLowerCase()))
  return (link) => {
    const observer = new LinkObservation(link, sink, { payloadBytes, redacted, redactPayload })
    const state$ = link.state$.pipe(
      tap((state) => observer.onState(state)),
      // All subscribers share the source, so that each state is one event.
      share({ connector: () => new ReplaySubject(1), resetOnComplete: false, resetOnRefCountZero: false }),
    )
    observer.start()
    return { ...withBase(link, baseOf(link)), state$ }
  }
}

/** The events of one link for one sink. */
class LinkObservation implements EventObserver {
  client = ''
  readonly link: string
  readonly now: () => number
  readonly #link: Link
  readonly #sink: EventSink
  readonly #rules: MessageRules
  #dropped = 0

  constructor(link: Link, sink: EventSink, rules: MessageRules) {
    this.#link = link
    this.link = observationsOf(link).events.id
    this.#sink = sink
    this.#rules = rules
    const { now: elapsed } = deadlinesOf(link)
    // Elapsed time, which does not go back, on the scale of the time of day.
    const offset = link.scheduler.now() - elapsed()
    this.now = () => elapsed() + offset
  }

  /** Observes the link until it is closed. */
  start(): void {
    const { unmatchedResponses, ignoredRequests } = observationsOf(this.#link)
    const remove = observeExchanges(this.#link, this)
    const unmatched = unmatchedResponses.subscribe(({ message }) => this.#onUnmatched(message))
    const ignored = ignoredRequests.subscribe((request) => this.#onIgnored(request))
    this.#link.incidents$.subscribe({
      next: (incident) => this.#onIncident(incident),
      complete: () => {
        remove()
        unmatched.unsubscribe()
        ignored.unsubscribe()
      },
    })
  }

  readonly copy = (message: Message | OutgoingMessage): ObservedMessage =>
    toObservedMessage(message, this.#rules)

  readonly receive = (event: ExchangeEvent): void => {
    try {
      if (this.#dropped > 0) {
        this.#sink({ kind: 'dropped', ...this.#head, count: this.#dropped })
        this.#dropped = 0
      }
      this.#sink(event)
    } catch {
      this.#dropped++
    }
  }

  onState(state: LinkState): void {
    if (state.status === 'online') this.client = state.info.clientId
    this.receive({ ...this.#head, ...toStateEvent(state) })
  }

  get #head(): {
    readonly side: 'link'
    readonly at: number
    readonly client: string
    readonly link: string
  } {
    return { side: 'link', at: this.now(), client: this.client, link: this.link }
  }

  #onUnmatched(message: Message): void {
    this.receive({
      kind: 'unmatched',
      ...this.#head,
      ...correlationIn(message),
      message: this.copy(message),
    })
  }

  #onIgnored({ reason, endpoint, message, detail, status }: IgnoredRequest): void {
    // The request that it cancels has an event of its own.
    if (reason === 'cancel') return
    const head = {
      ...this.#head,
      side: 'responder',
      endpoint,
      ...correlationIn(message),
      detail,
      message: this.copy(message),
    } as const
    if (reason === 'duplicate') this.receive({ kind: 'duplicate', ...head })
    else this.receive({ kind: 'ignored', ...head, reason, ...(status === undefined ? {} : { status }) })
  }

  #onIncident(incident: Incident): void {
    this.receive({
      kind: 'incident',
      ...this.#head,
      incident: incident.kind,
      ...('error' in incident ? { error: toObservedError(incident.error) } : {}),
      ...(incident.message === undefined ? {} : { message: this.copy(incident.message) }),
    })
  }
}

function correlationIn({ correlationData }: Message): { readonly correlation?: string } {
  return correlationData === undefined ? {} : { correlation: correlationOf(correlationData) }
}

function toStateEvent(state: LinkState): LinkEvent {
  const side = 'link'
  switch (state.status) {
    case 'connecting':
      return { kind: 'connecting', side, attempt: state.attempt }
    case 'online': {
      const { sessionPresent, protocolVersion } = state.info
      return { kind: 'online', side, sessionPresent, protocolVersion }
    }
    case 'offline':
      return { kind: 'offline', side, error: toObservedError(state.error), retryIn: state.retryIn }
    case 'closed':
      return {
        kind: 'closed',
        side,
        ...(state.error === undefined ? {} : { error: toObservedError(state.error) }),
      }
  }
}
