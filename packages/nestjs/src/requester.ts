import {
  exchange$,
  request,
  request$,
  type Endpoint,
  type EndpointTypes,
  type ExchangeOptions,
  type Link,
  type PromiseOptions,
  type RequestArgument,
  type RequestOptions,
} from '@antiphon/core'
import { Inject } from '@nestjs/common'
import type { Observable, OperatorFunction } from 'rxjs'

/** Sends requests to one endpoint, typed by it. `AntiphonModule.forEndpoint` provides it, `InjectRequester` injects it. */
export class Requester<T extends EndpointTypes> {
  readonly link: Link
  readonly endpoint: Endpoint<T>
  readonly #options: ExchangeOptions

  constructor(link: Link, endpoint: Endpoint<T>, options: ExchangeOptions = {}) {
    this.link = link
    this.endpoint = endpoint
    this.#options = options
  }

  /** Sends a request when it is subscribed to; like `exchange$`. */
  exchange$(value: RequestArgument<T>, options?: ExchangeOptions): Observable<T['response']> {
    return exchange$(this.link, this.endpoint, value, { ...this.#options, ...options })
  }

  /** Sends a request and resolves with its response; like `request`. */
  request(
    this: Requester<T & { readonly kind: 'one' }>,
    value: RequestArgument<T>,
    options?: PromiseOptions,
  ): Promise<T['response']> {
    return request(this.link, this.endpoint, value, { ...this.#options, ...options })
  }

  /** Sends each value of a stream as a request; like `request$`. */
  request$(options?: RequestOptions): OperatorFunction<RequestArgument<T>, T['response']> {
    return request$(this.link, this.endpoint, { ...this.#options, ...options })
  }
}

/** The type of the requester of an endpoint: `RequesterOf<typeof temperature>`. */
export type RequesterOf<E extends Endpoint> = Requester<NonNullable<E['types']>>

/** One token per endpoint, since two may have the same name. */
const tokens = new WeakMap<object, symbol>()

/** Returns the injection token of the requester of an endpoint. */
export function requesterToken(endpoint: Endpoint): symbol {
  const token = tokens.get(endpoint) ?? Symbol(`requester of ${endpoint.name}`)
  tokens.set(endpoint, token)
  return token
}

/** Injects the requester of an endpoint that is in `AntiphonModule.forEndpoint`. */
export function InjectRequester(endpoint: Endpoint): PropertyDecorator & ParameterDecorator {
  return Inject(requesterToken(endpoint))
}
