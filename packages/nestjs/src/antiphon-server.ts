import { ignoredRequests$, type Endpoint, type Link, type LinkState } from '@antiphon/core'
import { invalidArgument, requireArgument, type OptionRules } from '@antiphon/core/link'
import { Logger } from '@nestjs/common'
import { Server, Transport, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices'
import {
  defer,
  filter,
  finalize,
  from,
  mergeMap,
  Observable,
  of,
  ReplaySubject,
  type Subscription,
} from 'rxjs'
import type { AntiphonContext } from './antiphon-context.js'
import { describeError } from './errors.js'
import { handlerOptionRules, optionsOf, type HandlerOptions } from './handler-options.js'
import { openLink, requireSource, type OpenedLink } from './link-source.js'
import { isEndpoint } from './pattern.js'
import { served$, type Serving } from './served.js'
import { wireOf, wireOptionRules, type WireOptions } from './wire-options.js'

/** Options of an `AntiphonServer`. Those of `HandlerOptions` are the defaults of all handlers. */
export interface AntiphonServerOptions extends WireOptions, HandlerOptions {}

const serverOptionRules: OptionRules<AntiphonServerOptions> = { ...wireOptionRules, ...handlerOptionRules }

/** The transport id of an `AntiphonServer`, for patterns of this transport alone. With the wire of Nest, it is `Transport.MQTT`. */
export const ANTIPHON_TRANSPORT: unique symbol = Symbol('antiphon')

type Handler = MessageHandler<unknown, AntiphonContext, unknown>

/** What runs between `listen` and `close`. */
interface Running extends OpenedLink {
  readonly reports: Subscription
  readonly drain$: ReplaySubject<void>
  /** Resolves when all handlers have drained. */
  readonly ended: Promise<unknown>
}

/**
 * Serves the handlers of a NestJS application over MQTT. Patterns are topics, or endpoints of Antiphon.
 *
 * A handler that returns an Observable sends all its values; when the client unsubscribes, the Observable is unsubscribed.
 * The extras of a pattern may have `HandlerOptions`. `close` lets running handlers finish.
 *
 * @example
 * ```ts
 * const app = await NestFactory.createMicroservice(AppModule, { strategy: new AntiphonServer({ url: 'mqtt://localhost' }) })
 * await app.listen()
 * ```
 */
export class AntiphonServer
  extends Server<Record<string, () => void>, LinkState['status']>
  implements CustomTransportStrategy
{
  override transportId: Transport | symbol
  protected override readonly logger: Logger = new Logger(AntiphonServer.name)
  readonly #options: AntiphonServerOptions
  /** The patterns that are endpoints, by the key of their handler. */
  readonly #endpoints = new Map<string, Endpoint>()
  #running: Running | undefined

  /** Throws `invalid-argument` if an option is invalid. */
  constructor(options: AntiphonServerOptions) {
    super()
    requireArgument('options', options, serverOptionRules)
    requireSource(options)
    this.#options = options
    this.transportId = options.wire === 'nest' ? Transport.MQTT : ANTIPHON_TRANSPORT
  }

  /** Adds a handler. Nest calls this for each pattern of the application; a test may call it without one. */
  override addHandler(
    pattern: unknown,
    callback: Handler,
    isEventHandler = false,
    extras: object = {},
  ): void {
    if (!isEndpoint(pattern)) return super.addHandler(pattern, callback, isEventHandler, extras)
    const key = pattern.name
    const known = this.#endpoints.get(key)
    if (known === undefined ? this.messageHandlers.has(key) : known !== pattern)
      throw invalidArgument(`two patterns are named ${key}: give the endpoint another name`)
    this.#endpoints.set(key, pattern)
    super.addHandler(key, callback, isEventHandler, extras)
  }

  /** Opens the link and subscribes to all patterns. Calls back when the broker has accepted them, or with the first error. */
  listen(callback: (error?: unknown) => void): void {
    const { link, isOwn } = openLink(this.#options)
    const drain$ = new ReplaySubject<void>(1)
    const waiting = new Set(this.messageHandlers.keys())
    const onSubscribed = (key: string): void => {
      if (waiting.delete(key) && waiting.size === 0) callback()
    }
    const onError = (error: unknown): void => {
      this.logger.error(describeError(error))
      if (waiting.size === 0) return
      waiting.clear()
      callback(error)
    }
    const reports = this.#report(link)
    const handlers: ReadonlyMap<string, Handler> = this.messageHandlers
    const ended = [...handlers].map(([key, handler]) => {
      const start = { link, drain$, onSubscribed: () => onSubscribed(key) }
      const records$ = defer(() => served$(this.#servingOf(key, handler, start)))
      return new Promise<void>((resolve) => {
        records$.pipe(filter(({ outcome }) => outcome === 'unsent')).subscribe({
          next: ({ endpoint, error }) => this.logger.warn(`${endpoint}: ${describeError(error)}`),
          error: (error: unknown) => {
            onError(error)
            resolve()
          },
          complete: resolve,
        })
      })
    })
    this.#running = { link, isOwn, reports, drain$, ended: Promise.all(ended) }
    if (this.messageHandlers.size === 0) callback()
  }

  /** Stops receiving, lets running handlers finish within `drainTimeout`, and closes the link if the server has opened it. */
  async close(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    running.drain$.next()
    await running.ended
    if (running.isOwn) await running.link.close()
    running.reports.unsubscribe()
  }

  /** Returns the link of a server that listens. */
  unwrap<T = Link>(): T {
    if (this.#running === undefined) throw invalidArgument('the server has no link: call listen() first')
    return this.#running.link as T
  }

  /** Throws, because a server has no events: subscribe to `status`, or to the streams of the link that `unwrap` returns. */
  on(event: string): never {
    throw invalidArgument(`the server has no event ${event}: subscribe to status, or to unwrap().incidents$`)
  }

  #servingOf(
    key: string,
    handler: Handler,
    start: Pick<Serving, 'link' | 'drain$' | 'onSubscribed'>,
  ): Serving {
    return {
      ...start,
      pattern: this.#endpoints.get(key) ?? key,
      isEventHandler: handler.isEventHandler === true,
      wire: wireOf(this.#options),
      topicPrefix: this.#options.topicPrefix ?? '',
      options: optionsOf(handler.extras, this.#options),
      invoke: (data, context, toResponses) =>
        new Observable((subscriber) => {
          // Nest's hooks surround the handler and the stream that it returns.
          this.onProcessingStartHook(this.transportId, context, async () => {
            const responses$ = defer(() => toResult$(handler(data, context))).pipe(
              mergeMap(toResponses),
              finalize(() => this.onProcessingEndHook?.(this.transportId, context)),
            )
            subscriber.add(responses$.subscribe(subscriber))
          })
        }),
      onEventFailed: ({ topic }, error) => this.logger.warn(`event on ${topic}: ${describeError(error)}`),
    }
  }

  /** Reports the state of the link, and logs what is lost. */
  #report(link: Link): Subscription {
    const reports = link.state$.subscribe((state) => {
      this._status$.next(state.status)
      if ('error' in state) this.logger.warn(`the link is ${state.status}: ${describeError(state.error)}`)
    })
    const isOwn = ({ endpoint }: { readonly endpoint: string }): boolean => this.messageHandlers.has(endpoint)
    reports.add(
      ignoredRequests$(link)
        .pipe(filter((ignored) => isOwn(ignored) && !EXPECTED.has(ignored.reason)))
        .subscribe(({ message, detail }) =>
          this.logger.warn(`ignored a message on ${message.topic}: ${detail}`),
        ),
    )
    return reports
  }
}

/** Why a request is ignored in normal operation. */
const EXPECTED: ReadonlySet<string> = new Set(['duplicate', 'cancel'])

function toResult$(result: unknown): Observable<unknown> {
  return result instanceof Promise ? from(result as Promise<unknown>) : of(result)
}
