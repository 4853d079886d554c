import {
  ApplicationError,
  type AntiphonError,
  type Endpoint,
  type EndpointTypes,
  type Handler,
  type HandlerResult,
  type ReceivedRequest,
} from '@antiphon/core'
import { isStream } from '@antiphon/core/link'
import { right } from 'fp-ts/lib/Either.js'
import {
  catchError,
  defaultIfEmpty,
  defer,
  EMPTY,
  finalize,
  from,
  map,
  of,
  shareReplay,
  switchMap,
  take,
  throwError,
  type Observable,
} from 'rxjs'
import { writeFault } from '../store/store-fault.js'
import type { ResponseLog } from './response-log.js'
import {
  fromOutcome,
  payloadIdentity,
  toOutcomeRecord,
  toStartedRecord,
  type HandlerOutcome,
  type StorableRequest,
} from './stored-response.js'

/** What a durable responder is made from. */
export interface DurableResponderOptions<T extends EndpointTypes> {
  readonly endpoint: Endpoint
  readonly handler: Handler<T>
  readonly log: ResponseLog
  readonly ttl: number
  readonly onInterrupted: 'fail' | 'run'
  readonly onStoreError: (error: AntiphonError) => void
}

/** A request and what identifies it among all requests of its endpoint. */
interface IdentifiedRequest extends StorableRequest {
  readonly key: string
  readonly receivedAt: number
}

/** Calls a handler once for each request, and repeats what the store has of earlier runs of the program. */
export class DurableResponder<T extends EndpointTypes> {
  readonly #options: DurableResponderOptions<T>
  /** The requests whose handlers this process is running, for duplicates that the responder did not recognise. */
  readonly #running = new Map<string, Observable<HandlerOutcome>>()

  constructor(options: DurableResponderOptions<T>) {
    this.#options = options
  }

  handle(request: ReceivedRequest<T>): HandlerResult<T> {
    const identified = this.#identify(request)
    if (identified === undefined) return this.#options.handler(request)
    return this.#outcome$(identified, request).pipe(switchMap(toResponse$))
  }

  close(): Promise<void> {
    return this.#options.log.close()
  }

  #identify({ message, value, receivedAt, expiresAt }: ReceivedRequest<T>): IdentifiedRequest | undefined {
    const { endpoint, ttl } = this.#options
    const correlation = endpoint.correlation.readRequest({ message, value: () => right(value) })
    const { responseTopic = message.topic, token } = correlation
    if (token === undefined) return undefined
    return {
      key: `${responseTopic}\u0000${token}`,
      endpoint,
      correlation,
      contentType: message.contentType,
      receivedAt,
      identity: {
        expiresAt: expiresAt === Infinity ? receivedAt + ttl : expiresAt,
        payload: payloadIdentity(message.payload),
      },
    }
  }

  #outcome$(identified: IdentifiedRequest, request: ReceivedRequest<T>): Observable<HandlerOutcome> {
    const { key } = identified
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const outcome$ = defer(() => this.#begin(identified)).pipe(
      switchMap((earlier) => (earlier === undefined ? this.#run$(identified, request) : of(earlier))),
      finalize(() => this.#running.delete(key)),
      shareReplay({ bufferSize: 1, refCount: true }),
    )
    this.#running.set(key, outcome$)
    return outcome$
  }

  /** Returns the outcome of an earlier run, or writes that the handler is called now. */
  async #begin({ key, receivedAt, identity }: IdentifiedRequest): Promise<HandlerOutcome | undefined> {
    const { endpoint, log, onInterrupted } = this.#options
    try {
      await log.open(receivedAt)
    } catch (error) {
      return { kind: 'error', error: notStored(error) }
    }
    const record = log.find(key, receivedAt)
    const { payload = identity.payload, kind } = record?.fields ?? {}
    const isSame = record !== undefined && payload === identity.payload
    if (isSame && kind !== 'started') return fromOutcome(endpoint, record.fields, record.payload)
    if (isSame && onInterrupted === 'fail') return { kind: 'error', error: interrupted() }
    try {
      await log.put(key, toStartedRecord(identity), receivedAt)
      return undefined
    } catch (error) {
      log.forget(key)
      return { kind: 'error', error: notStored(error) }
    }
  }

  #run$(identified: IdentifiedRequest, request: ReceivedRequest<T>): Observable<HandlerOutcome> {
    return defer(() => {
      const result: unknown = this.#options.handler(request)
      if (result === undefined)
        throw new TypeError('the handler returned undefined: it must return a response')
      return isStream(result) ? from(result) : of(result)
    }).pipe(
      take(1),
      map((value): HandlerOutcome => ({ kind: 'value', value })),
      defaultIfEmpty<HandlerOutcome, HandlerOutcome>({ kind: 'empty' }),
      catchError((error: unknown) => of<HandlerOutcome>({ kind: 'error', error })),
      switchMap((outcome) => this.#store(identified, outcome)),
    )
  }

  /** Writes an outcome before it is sent. */
  async #store(identified: IdentifiedRequest, outcome: HandlerOutcome): Promise<HandlerOutcome> {
    const { key, receivedAt } = identified
    let record: Uint8Array
    try {
      record = toOutcomeRecord(identified, outcome)
    } catch (error) {
      // `serve` cannot send it either, and answers with a failure.
      record = toOutcomeRecord(identified, { kind: 'error', error })
    }
    try {
      await this.#options.log.put(key, record, receivedAt)
    } catch (error) {
      this.#options.onStoreError(writeFault(`the response of ${this.#options.endpoint.name}`, error))
    }
    return outcome
  }
}

function toResponse$(outcome: HandlerOutcome): Observable<unknown> {
  if (outcome.kind === 'value') return of(outcome.value)
  return outcome.kind === 'empty' ? EMPTY : throwError(() => outcome.error)
}

function interrupted(): ApplicationError {
  return new ApplicationError({
    code: 'interrupted',
    message: 'the responder stopped while it handled the request, which may have been carried out',
  })
}

/** The reason is the `cause`, which the requester does not receive. */
function notStored(cause: unknown): ApplicationError {
  const error = new ApplicationError({
    code: 'not-stored',
    message: 'the responder cannot store the request, which was not handled',
  })
  return Object.assign(error, { cause })
}
