import { Subscription } from 'rxjs'
import { invalidArgument } from '../argument.js'
import { AntiphonError, type ErrorCode } from '../errors.js'
import { baseOf } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import type { Deadline } from '../time/deadlines.js'
import { quoted } from '../topic/mqtt-string.js'

/** What an announcer announces, and where. */
export interface AnnouncerOptions {
  readonly link: Link
  readonly clientId: string
  readonly topic: string
  /** Encodes the announcement. */
  readonly toPayload: (startedAt: number) => Uint8Array
  /** Milliseconds after which the announcement is repeated. */
  readonly refreshPeriod: number
  /** Seconds after which the broker may discard the announcement. */
  readonly ttl: number | undefined
}

/** The errors that concern the announcement alone; all others end the link, which reports them itself. */
const REPORTED: ReadonlySet<ErrorCode> = new Set([
  'publish-refused',
  'subscribe-refused',
  'too-large',
  'overflow',
  'invalid-argument',
])

/** Keeps the announcement of a link published while the link is online. */
export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #startedAt: number
  readonly #subscriptions = new Subscription()
  #publishing: Subscription | undefined
  #refresh: Deadline | undefined
  #isOnline = false

  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#startedAt = options.link.scheduler.now()
  }

  /** Connects the link. Calls `onEnd` when it is closed. */
  start(onEnd: () => void): void {
    const { link, clientId } = this.#options
    this.#subscriptions.add(onEnd)
    this.#subscriptions.add(
      link.state$.subscribe({
        next: (state) => {
          this.#isOnline = state.status === 'online' && state.info.clientId === clientId
          this.#refresh?.cancel()
          if (this.#isOnline) this.publish()
          else if (state.status === 'online') this.#reportOtherClientId(state.info.clientId)
        },
        complete: () => this.#subscriptions.unsubscribe(),
      }),
    )
    if (!this.#subscriptions.closed) this.#repair()
  }

  /** Publishes the announcement as it is now, if the link is online; otherwise the next connection publishes it. */
  publish(): void {
    const { link, toPayload, refreshPeriod, ttl } = this.#options
    if (!this.#isOnline) return
    this.#send({
      payload: toPayload(this.#startedAt),
      contentType: 'application/json',
      payloadFormatIndicator: true,
      ...(ttl === undefined ? {} : { messageExpiryInterval: ttl }),
    })
    this.#refresh?.cancel()
    if (ttl !== undefined) this.#refresh = baseOf(link).deadlines.add(refreshPeriod, () => this.publish())
  }

  /** Removes the announcement, before the link is closed. */
  stop(): void {
    if (this.#subscriptions.closed) return
    this.#subscriptions.unsubscribe()
    this.#refresh?.cancel()
    if (this.#isOnline) this.#send({ payload: new Uint8Array() })
    else this.#publishing?.unsubscribe()
    this.#isOnline = false
  }

  #send(message: Omit<Parameters<Link['publish$']>[0], 'topic'>): void {
    const { link, topic } = this.#options
    // An earlier announcement that still waits is obsolete.
    this.#publishing?.unsubscribe()
    this.#publishing = link.publish$({ ...message, topic, qos: 1, retain: true }).subscribe({
      error: (error: unknown) => this.#report(AntiphonError.from(error)),
    })
  }

  /** Publishes the announcement again if another client removes it, such as the broker by a late will. */
  #repair(): void {
    const { link, topic } = this.#options
    this.#subscriptions.add(
      link.messages$(topic, { retainHandling: 2 }).subscribe({
        next: ({ payload }) => {
          if (payload.length === 0) this.publish()
        },
        error: (error: unknown) => this.#report(AntiphonError.from(error)),
      }),
    )
  }

  #reportOtherClientId(clientId: string): void {
    const own = quoted(this.#options.clientId)
    this.#report(
      invalidArgument(
        `cannot announce ${own}: the client id of the link is ${quoted(clientId)}; use the same for both`,
      ),
    )
  }

  #report(error: AntiphonError): void {
    if (REPORTED.has(error.code)) baseOf(this.#options.link).report({ kind: 'refused', error })
  }
}
