import { invalidArgument } from '../argument.js'
import type { EndpointTypes } from '../endpoint-types.js'
import type { Message } from '../message.js'
import type { RequestContext } from './request-context.js'

/** The key of a request's context. Being enumerable, it survives spreading the request into another object. */
const requestContext: unique symbol = Symbol('antiphon.requestContext')

/** What a request from `requests$` has besides its public properties. */
interface HasContext {
  readonly [requestContext]?: RequestContext
}

/** A request as the handler sees it. */
export interface ReceivedRequest<T extends EndpointTypes = EndpointTypes> {
  readonly value: T['request']
  /** The parameters in the topic. */
  readonly params: T['params']
  /** The name of the endpoint. */
  readonly endpoint: string
  /** The message as it was received. */
  readonly message: Message
  /** When the request expires, on the clock of the link's scheduler; `Infinity` if it does not expire. */
  readonly expiresAt: number
  /** When the request was received, on the clock of the link's scheduler. */
  readonly receivedAt: number
  /**
   * When the handler is stopped, on the clock of the link's scheduler: at the expiry of a request for one response, or
   * earlier after `handlerTimeout`. `Infinity` without a limit.
   */
  readonly deadline: number
  /**
   * Aborts when the handler is stopped before it has responded: its requester cancelled it, its deadline has passed, or the
   * responder stops. The reason is an `AntiphonError`. Reading it creates the signal.
   */
  readonly signal: AbortSignal
  /** The sender of the request, as `authenticate` of `requests$` has returned it; `undefined` without it. */
  readonly principal: unknown
}

/** The class behind `ReceivedRequest`; why it is no literal, see decision 0009. */
class RequestWithContext<T extends EndpointTypes> implements ReceivedRequest<T>, HasContext {
  readonly value: T['request']
  readonly params: T['params']
  readonly endpoint: string
  readonly message: Message
  readonly expiresAt: number
  readonly receivedAt: number
  readonly [requestContext]: RequestContext

  constructor(context: RequestContext, params: T['params'], value: T['request']) {
    this.value = value
    this.params = params
    this.endpoint = context.responder.endpoint.name
    this.message = context.message
    this.receivedAt = context.responder.link.scheduler.now()
    this.expiresAt = this.receivedAt + context.lifetime
    this[requestContext] = context
  }

  get deadline(): number {
    return deadlineOf(this[requestContext], this.receivedAt)
  }

  get signal(): AbortSignal {
    return this[requestContext].signal
  }

  get principal(): unknown {
    return this[requestContext].principal
  }
}

/** Returns when the handler is stopped, on the clock of the scheduler. A stream has no expiry as a whole. */
function deadlineOf(
  { responder, expiresAt, receivedAt, runDueAt }: RequestContext,
  receivedOnClock: number,
): number {
  const { requests, responses } = responder.endpoint
  const isStream = responses === 'many' || requests === 'many'
  return receivedOnClock + (isStream ? runDueAt : Math.min(runDueAt, expiresAt)) - receivedAt
}

/** Returns a request with its accessors, which a copy that was made by spreading lacks. */
export function withAccessors<T extends EndpointTypes>(request: ReceivedRequest<T>): ReceivedRequest<T> {
  if ('signal' in request) return request
  const copy: ReceivedRequest<T> = { ...(request as ReceivedRequest<T>) }
  const context = contextOf(copy)
  return Object.defineProperties(copy, {
    deadline: { get: () => deadlineOf(context, copy.receivedAt) },
    signal: { get: () => context.signal },
    principal: { get: () => context.principal },
  })
}

/** Creates the request that `requests$` emits. */
export function toReceivedRequest<T extends EndpointTypes>(
  context: RequestContext,
  params: T['params'],
  value: T['request'],
): ReceivedRequest<T> {
  return new RequestWithContext<T>(context, params, value)
}

/** Returns the context of a request. Throws `invalid-argument` if the request is not from `requests$`. */
export function contextOf(request: ReceivedRequest & HasContext): RequestContext {
  const context = request[requestContext]
  if (context !== undefined) return context
  throw invalidArgument(
    'the request is not from requests$: pass serve the requests of requests$, or copies of them',
  )
}
