import {
  AntiphonError,
  exchange$,
  withMessage,
  type Endpoint,
  type ExchangeOptions,
  type Link,
  type Message,
  type ResponseWithMessage,
} from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { deadlines, type Deadlines } from '@antiphon/core/link'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { Subscription } from 'rxjs'
import { RecoverableLink } from './recoverable-link.js'
import type { RequestEntry } from './request-entry.js'
import { ResponseWindows } from './response-windows.js'
import { storedEndpoint, toRequestArgument, type StoredRequest } from './stored-request.js'

/** Milliseconds after which a request is tried again that the link had no room for. */
const RESTART_PERIOD = 1_000

/** The response to a stored request with its message, or the error with which its exchange failed. */
export type ExchangeResult = Either<AntiphonError, ResponseWithMessage<unknown>>

/** What the exchanges of a durable requester report. */
export interface ExchangesListener {
  /** Called once for each request that was added, unless it was removed. */
  readonly onResult: (request: StoredRequest, result: ExchangeResult) => void
  /** Called if no request can be sent any more, because the broker has refused the response topic. */
  readonly onFailed: (error: AntiphonError) => void
}

/**
 * The exchanges of the stored requests: each is started when its response could be received, at most until its deadline.
 */
export class DurableExchanges {
  readonly #endpoint: Endpoint
  readonly #storedEndpoint: Endpoint
  readonly #options: Omit<ExchangeOptions, 'timeout'>
  readonly #listener: ExchangesListener
  readonly #recoverable: RecoverableLink
  readonly #windows: ResponseWindows
  readonly #deadlines: Deadlines
  readonly #entries = new Map<StoredRequest, RequestEntry>()
  /** The requests whose exchange is not started, by response topic and token. */
  readonly #waiting = new Map<string, RequestEntry>()

  constructor(
    link: Link,
    endpoint: Endpoint,
    options: Omit<ExchangeOptions, 'timeout'>,
    listener: ExchangesListener,
  ) {
    this.#endpoint = endpoint
    this.#storedEndpoint = withMessage(storedEndpoint(endpoint))
    this.#options = options
    this.#listener = listener
    this.#recoverable = new RecoverableLink(link, (message) => this.#recover(message))
    this.#deadlines = deadlines(link.scheduler)
    this.#windows = new ResponseWindows(this.#recoverable.link, endpoint, {
      onOpen: (request) => this.#start(this.#entries.get(request)),
      onFailed: (error) => listener.onFailed(AntiphonError.from(error)),
    })
  }

  /** Sends a stored request as soon as its response could be received. */
  add(request: StoredRequest): void {
    const entry: RequestEntry = { request, timer: undefined, exchange: undefined, hasEnded: false }
    this.#entries.set(request, entry)
    if (this.#timeLeft(request) <= 0) return this.#end(entry, left(this.#expired(request)))
    this.#wait(entry, Infinity)
    this.#windows.add(request)
  }

  /** Cancels the exchange of a request, and notifies the responder that may have it. */
  cancel(request: StoredRequest): void {
    const entry = this.#entries.get(request)
    if (entry === undefined) return
    this.#remove(entry)
    entry.exchange?.unsubscribe()
  }

  /** Ends all exchanges without cancelling their requests. */
  close(): void {
    this.#recoverable.close()
    this.#deadlines.clear()
    for (const entry of this.#entries.values()) {
      entry.hasEnded = true
      entry.exchange?.unsubscribe()
    }
    this.#entries.clear()
    this.#waiting.clear()
    this.#windows.close()
  }

  #start(entry: RequestEntry | undefined): void {
    if (entry === undefined || entry.exchange !== undefined) return
    const { request } = entry
    const timeout = this.#timeLeft(request)
    if (timeout <= 0) return this.#end(entry, left(this.#expired(request)))
    this.#stopWaiting(entry)
    const options: ExchangeOptions = {
      ...this.#options,
      ...(this.#endpoint.responseTopic === undefined && { responseTopic: request.fields.responseTopic }),
      timeout,
    }
    const argument = toRequestArgument(request)
    // Set before subscribing, because a response may arrive synchronously.
    entry.exchange = new Subscription()
    entry.exchange.add(
      exchange$(this.#recoverable.link, this.#storedEndpoint, argument, options).subscribe({
        next: (response) => this.#end(entry, right(response as ResponseWithMessage<unknown>)),
        error: (error: unknown) => this.#fail(entry, AntiphonError.from(error)),
      }),
    )
  }

  /** Waits until `#start` is called, at most the given milliseconds and until the deadline. */
  #wait(entry: RequestEntry, milliseconds: number): void {
    const { fields } = entry.request
    entry.exchange = undefined
    this.#waiting.set(waitingKey(fields.responseTopic, fields.token), entry)
    const delay = Math.min(milliseconds, this.#timeLeft(entry.request))
    entry.timer = this.#deadlines.add(delay, () => this.#start(entry))
  }

  #fail(entry: RequestEntry, error: AntiphonError): void {
    // The request is sent again after the next start.
    if (error.code === 'link-closed') return
    // Too many requests wait for the connection; being stored, this one may wait longer.
    if (error.code === 'overflow') return this.#wait(entry, RESTART_PERIOD)
    this.#end(entry, left(error))
  }

  #end(entry: RequestEntry, result: ExchangeResult): void {
    if (entry.hasEnded) return
    this.#remove(entry)
    this.#listener.onResult(entry.request, result)
  }

  #remove(entry: RequestEntry): void {
    entry.hasEnded = true
    this.#stopWaiting(entry)
    this.#entries.delete(entry.request)
    this.#windows.remove(entry.request)
  }

  #stopWaiting(entry: RequestEntry): void {
    entry.timer?.cancel()
    entry.timer = undefined
    const { responseTopic, token } = entry.request.fields
    this.#waiting.delete(waitingKey(responseTopic, token))
  }

  /** Starts the exchange of the request that a message responds to, so that it receives the message. */
  #recover(message: Message): void {
    if (this.#waiting.size === 0 || message.retain) return
    const entry = this.#waiting.get(waitingKey(message.topic, this.#tokenOf(message)))
    if (entry !== undefined) this.#recoverable.withoutPublishing(() => this.#start(entry))
  }

  #tokenOf(message: Message): string | undefined {
    const { correlation, response } = this.#endpoint
    try {
      return correlation.tokenOf({
        message,
        value: () => decodeWith(response, message.payload, message.contentType),
      })
    } catch {
      // A correlation of the application may throw; the exchange then reports it.
      return undefined
    }
  }

  #timeLeft({ fields }: StoredRequest): number {
    return fields.deadline - this.#recoverable.link.scheduler.now()
  }

  #expired({ key }: StoredRequest): AntiphonError {
    const { name: endpoint } = this.#endpoint
    return new AntiphonError(
      'timeout',
      `${endpoint}: no response to the request ${key} before its deadline. This process has not sent it; an earlier one may have`,
      { endpoint },
    )
  }
}

function waitingKey(responseTopic: string, token: string | undefined): string {
  return `${responseTopic}\u0000${token ?? ''}`
}
