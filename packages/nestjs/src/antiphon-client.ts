import {
  exchange$,
  type Codec,
  type Endpoint,
  type EndpointTypes,
  type ExchangeOptions,
  type Link,
  type OutgoingMessage,
  type RequestArgument,
} from '@antiphon/core'
import { encodeWith } from '@antiphon/core/codec'
import { requireArgument, type OptionRules } from '@antiphon/core/link'
import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices'
import { isLeft } from 'fp-ts/lib/Either.js'
import { firstValueFrom, mergeMap, type Observable, type Subscription } from 'rxjs'
import { openLink, requireSource, type OpenedLink } from './link-source.js'
import { isEndpoint, literalTemplate } from './pattern.js'
import { toRecord } from './record.js'
import type { Wire } from './wire/wire.js'
import { wireOf, wireOptionRules, type WireOptions } from './wire-options.js'

/** Options of an `AntiphonClient`, with those of each of its requests. */
export interface AntiphonClientOptions
  extends
    WireOptions,
    Pick<
      ExchangeOptions,
      | 'expectedResponder'
      | 'failFast'
      | 'onDisconnect'
      | 'onResponse'
      | 'qos'
      | 'retry'
      | 'skipLate'
      | 'stepTimeouts'
      | 'timeout'
      | 'totalTimeout'
      | 'userProperties'
    > {}

/** `exchange$` checks the values of its options. */
const clientOptionRules: OptionRules<AntiphonClientOptions> = {
  ...wireOptionRules,
  expectedResponder: 'any',
  failFast: 'any',
  onDisconnect: 'any',
  onResponse: 'any',
  qos: 'any',
  retry: 'any',
  skipLate: 'any',
  stepTimeouts: 'any',
  timeout: 'any',
  totalTimeout: 'any',
  userProperties: 'any',
}

/** The most endpoints of patterns that a client keeps. */
const KEPT_ENDPOINTS = 1_000

/**
 * Sends requests and events to services of NestJS over MQTT. Patterns are topics, or endpoints of Antiphon.
 *
 * Unsubscribing from `send` stops the handler at the service, unless the wire is that of Nest, which cannot say so. Errors
 * are of the class `AntiphonError`; `rpcErrorOf` returns what the service has thrown.
 *
 * @example
 * ```ts
 * ClientsModule.register([{ name: 'MATH', customClass: AntiphonClient, options: { url: 'mqtt://localhost' } }])
 * ```
 */
export class AntiphonClient extends ClientProxy {
  readonly #options: AntiphonClientOptions
  readonly #exchangeOptions: ExchangeOptions
  readonly #wire: Wire
  readonly #topicPrefix: string
  readonly #endpoints = new Map<string, Endpoint>()
  #opened: OpenedLink | undefined
  #following: Subscription | undefined

  /** Throws `invalid-argument` if an option is invalid. */
  constructor(options: AntiphonClientOptions) {
    super()
    requireArgument('options', options, clientOptionRules)
    requireSource(options)
    const { url: _, connection: __, link: ___, wire: ____, topicPrefix = '', ...exchangeOptions } = options
    this.#options = options
    this.#exchangeOptions = exchangeOptions
    this.#wire = wireOf(options)
    this.#topicPrefix = topicPrefix
  }

  /** Opens the link. Requests and events wait for the connection by themselves, so this resolves at once. */
  async connect(): Promise<void> {
    this.#following ??= this.unwrap().state$.subscribe(({ status }) => this._status$.next(status))
  }

  /** Closes the link if the client has opened it. Pending requests fail with `link-closed`. */
  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened?.isOwn === true) await opened.link.close()
    this.#following?.unsubscribe()
    this.#following = undefined
  }

  /** Returns the link. */
  unwrap<T = Link>(): T {
    this.#opened ??= openLink(this.#options)
    return this.#opened.link as T
  }

  /**
   * Sends a request when it is subscribed to, and emits the values of the handler.
   *
   * - *error*: an `AntiphonError`, such as `status` if the handler fails, or `timeout`.
   * - *unsubscribe*: stops the handler at the service.
   */
  override send<T extends EndpointTypes>(
    pattern: Endpoint<T>,
    request: RequestArgument<NoInfer<T>>,
  ): Observable<T['response']>
  override send<Result = unknown, Data = unknown>(pattern: string | object, data: Data): Observable<Result>
  override send(pattern: unknown, data: unknown): Observable<unknown> {
    return super.send(pattern, data)
  }

  /** Publishes an event at once; emits when the broker has acknowledged it. */
  override emit<T extends EndpointTypes>(
    pattern: Endpoint<T>,
    request: RequestArgument<NoInfer<T>>,
  ): Observable<undefined>
  override emit<Result = unknown, Data = unknown>(pattern: string | object, data: Data): Observable<Result>
  override emit(pattern: unknown, data: unknown): Observable<unknown> {
    return super.emit(pattern, data)
  }

  /** Called by `send`. */
  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const subscription = this.#responses$(pattern as unknown, data).subscribe({
      next: (response) => callback({ response }),
      error: (err: unknown) => callback({ err }),
      complete: () => callback({ isDisposed: true }),
    })
    return () => subscription.unsubscribe()
  }

  /** Called by `emit`. */
  protected async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    await firstValueFrom(this.unwrap().publish$(this.#eventOf(pattern as unknown, data)))
    return undefined as T
  }

  #responses$(pattern: unknown, data: unknown): Observable<unknown> {
    if (isEndpoint(pattern)) {
      return exchange$<EndpointTypes>(this.unwrap(), pattern, data, this.#exchangeOptions)
    }
    const name = this.normalizePattern(pattern as string)
    const record = toRecord(data)
    const options = { ...this.#exchangeOptions, ...record.options }
    const sent = this.#wire.toSent(name, record.data)
    return exchange$<EndpointTypes>(this.unwrap(), this.#endpointOf(name), sent as never, options).pipe(
      mergeMap((response) => this.#wire.valuesOf(response)),
    )
  }

  #endpointOf(name: string): Endpoint {
    const known = this.#endpoints.get(name)
    if (known !== undefined) return known
    const endpoint = this.#wire.endpoint(name, literalTemplate(this.#topicPrefix + name))
    // Patterns may be computed, so the number of names has no limit.
    if (this.#endpoints.size >= KEPT_ENDPOINTS) this.#endpoints.clear()
    this.#endpoints.set(name, endpoint)
    return endpoint
  }

  #eventOf(pattern: unknown, data: unknown): OutgoingMessage {
    const { qos = 1, userProperties } = this.#exchangeOptions
    const properties = { qos, ...(userProperties && { userProperties }) }
    if (isEndpoint(pattern)) {
      const hasParams = pattern.topic.parameters.length > 0
      const { params, value } = hasParams ? (data as EventParts) : { params: {}, value: data }
      return { ...encoded(pattern.request, value), ...properties, topic: pattern.topic.format(params) }
    }
    const name = this.normalizePattern(pattern as string)
    const record = toRecord(data)
    return {
      ...encoded(this.#wire.events, this.#wire.toSent(name, record.data)),
      ...properties,
      ...record.options,
      topic: this.#topicPrefix + name,
      retain: record.retain,
    }
  }
}

/** The argument of an event whose topic has parameters. */
interface EventParts {
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
}

type EncodedEvent = Pick<OutgoingMessage, 'payload' | 'contentType' | 'payloadFormatIndicator'>

/** Returns the payload of an event; throws `encode` if its value does not encode. */
function encoded(codec: Codec<unknown>, value: unknown): EncodedEvent {
  const payload = encodeWith(codec, value)
  if (isLeft(payload)) throw payload.left
  return { payload: payload.right, contentType: codec.contentType, payloadFormatIndicator: codec.isText }
}
