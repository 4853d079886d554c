import { first, from, type ObservableInput, type Subscription as Teardown } from 'rxjs'
import { reasonOf } from '../codec/decode-failure.js'
import type { EndpointTypes } from '../endpoint-types.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { isStream } from '../stream/is-stream.js'
import { contextOf, type ReceivedRequest } from './received-request.js'
import type { RequestContext } from './request-context.js'
import { fail } from './response-sender.js'

/** The decision of `authenticate`: the sender of the request, or the status that refuses it. */
export type AuthenticationVerdict =
  | { readonly principal: unknown; readonly refuse?: undefined }
  /** 401: it is not known who sent the request; 403: the sender is known, and may not send it. */
  | { readonly refuse: 401 | 403; readonly message?: string }

/** Decides who sent a request, and whether it is handled. */
export type Authenticate<T extends EndpointTypes = EndpointTypes> = (
  request: ReceivedRequest<T>,
) => AuthenticationVerdict | ObservableInput<AuthenticationVerdict>

const DEFAULT_TEXTS = { 401: 'the request is not authenticated', 403: 'the request is not allowed' } as const

/** A request whose verdict is awaited. */
interface Awaited {
  readonly teardown: Teardown
  readonly deadline: Deadline | undefined
}

/** Authenticates the requests of a responder. `onAccepted` receives those that may be handled. */
export class RequestAuthentication<T extends EndpointTypes> {
  readonly #authenticate: Authenticate<T>
  readonly #onAccepted: (request: ReceivedRequest<T>) => void
  readonly #awaited = new Map<RequestContext, Awaited>()

  constructor(authenticate: Authenticate<T>, onAccepted: (request: ReceivedRequest<T>) => void) {
    this.#authenticate = authenticate
    this.#onAccepted = onAccepted
  }

  /** Authenticates a request. If the verdict is asynchronous, it waits for it until the request expires. */
  receive(request: ReceivedRequest<T>): void {
    const context = contextOf(request)
    try {
      const verdict = this.#authenticate(request)
      if (isStream(verdict)) this.#await(request, context, verdict)
      else this.#apply(request, context, verdict)
    } catch (error) {
      this.#fail(context, error)
    }
  }

  /** Leaves the requests that are not decided unacknowledged. */
  close(): void {
    for (const context of [...this.#awaited.keys()]) {
      this.#forget(context)
      context.abandon()
    }
  }

  #await(
    request: ReceivedRequest<T>,
    context: RequestContext,
    verdict$: ObservableInput<AuthenticationVerdict>,
  ): void {
    const { timeLeft, responder } = context
    const teardown = from(verdict$)
      .pipe(first())
      .subscribe({
        next: (verdict) => {
          this.#forget(context)
          this.#apply(request, context, verdict)
        },
        error: (error: unknown) => {
          this.#forget(context)
          this.#fail(context, error)
        },
      })
    if (teardown.closed) return
    const onExpired = (): void => {
      this.#forget(context)
      context.endWithoutResponse()
    }
    const deadline = timeLeft < Infinity ? responder.deadlines.add(timeLeft, onExpired) : undefined
    this.#awaited.set(context, { teardown, deadline })
  }

  #forget(context: RequestContext): void {
    const awaited = this.#awaited.get(context)
    this.#awaited.delete(context)
    awaited?.deadline?.cancel()
    awaited?.teardown.unsubscribe()
  }

  #apply(request: ReceivedRequest<T>, context: RequestContext, verdict: AuthenticationVerdict): void {
    // The requester may have cancelled it in the meantime.
    if (!context.isOpen) return
    if (verdict.refuse === undefined) {
      context.principal = verdict.principal
      this.#onAccepted(request)
      return
    }
    const { refuse: code, message = DEFAULT_TEXTS[code] } = verdict
    this.#reject(context, { code, message }, message)
  }

  /** Refuses a request whose authentication has failed. The requester does not see why. */
  #fail(context: RequestContext, error: unknown): void {
    const failure = {
      code: Status.internalError,
      message: 'the request cannot be authenticated',
      propertyName: 'Authentication',
    }
    this.#reject(context, failure, `authenticate failed: ${reasonOf(error)}`)
  }

  /** Sends a failure, which is not cached: the same request may be allowed later. */
  #reject(context: RequestContext, failure: Failure, detail: string): void {
    const { responder, message } = context
    // It is not emitted.
    responder.stats.received--
    responder.reportIgnored(message, 'refused', detail, failure.code)
    context.dropCacheEntry()
    fail(context, failure, { outcome: 'failed' }, { end: () => undefined })
  }
}
