import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  type Tracer,
} from '@opentelemetry/api'
import { defer, finalize, Observable } from 'rxjs'
import { requireArgument } from '../argument.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { LinkMiddleware } from '../link/link.js'
import { userProperty, type Message, type OutgoingMessage, type UserProperties } from '../message.js'
import { sizeRule, type OptionRules } from '../option-rules.js'
import { cancel, isCancel, isControlMessage, identityKey } from '../protocol/control-message.js'
import { observationsOf } from '../observe/observations.js'
import { linkMiddleware } from './link-middleware.js'
import { exchangeKey } from './pending-exchanges.js'
import { OpenSpans } from './open-spans.js'
import { RequestContexts } from './request-contexts.js'

/** Options of `traced`. */
export interface TracedOptions {
  /** The tracer that creates the spans. @defaultValue the tracer `@antiphon/core` of the global provider */
  readonly tracer?: Tracer
  /**
   * Writes and reads the trace context in the user properties, such as a `W3CTraceContextPropagator`.
   * @defaultValue the global propagator
   */
  readonly propagator?: Pick<TextMapPropagator, 'inject' | 'extract'>
  /**
   * The most bytes that the propagator adds to a message, which large payloads leave free. Raise it for long `tracestate` or
   * baggage. @defaultValue 128
   */
  readonly addedBytes?: number
}

const tracedOptionRules: OptionRules<TracedOptions> = {
  tracer: 'object',
  propagator: 'object',
  addedBytes: sizeRule,
}

/** The user properties to which the propagator adds its fields. */
interface Carrier {
  userProperties: UserProperties
}

const SETTER: TextMapSetter<Carrier> = {
  set: (carrier, name, value) => {
    const others = carrier.userProperties.filter(([key]) => key !== name)
    carrier.userProperties = [...others, [name, value]]
  },
}

const GETTER: TextMapGetter<UserProperties> = {
  get: (properties, name) => userProperty(properties, name),
  keys: (properties) => properties.map(([name]) => name),
}

/**
 * Traces exchanges with OpenTelemetry: a client span in the requester and a server span in the responder, each from the
 * request to its response.
 *
 * The client span is a child of the span that is active where the application sends the request. The trace context travels in
 * the user properties, by default as W3C Trace Context, and makes the client span the parent of the server span. A handler runs in the context of the server span. Responses carry the context of the server span.
 *
 * Needs the optional peer `@opentelemetry/api`.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), traced())
 * ```
 */
export function traced(options: TracedOptions = {}): LinkMiddleware {
  requireArgument('options', options, tracedOptionRules)
  const { tracer = trace.getTracer('@antiphon/core'), addedBytes = 128, propagator } = options
  const inject = (from: Context, carrier: Carrier): void => {
    if (propagator === undefined) propagation.inject(from, carrier, SETTER)
    else propagator.inject(from, carrier, SETTER)
  }
  const extract = (properties: UserProperties): Context =>
    propagator === undefined
      ? propagation.extract(ROOT_CONTEXT, properties, GETTER)
      : propagator.extract(ROOT_CONTEXT, properties, GETTER)
  return (link) => {
    const clientSpans = new OpenSpans(deadlinesOf(link))
    const serverSpans = new OpenSpans(deadlinesOf(link))
    const requestContexts = new RequestContexts(link)

    observationsOf(link).cancelledRequests.subscribe(({ reason, ...request }) =>
      clientSpans.end(identityKey(request), { userProperties: cancel(reason) }),
    )

    const withClientSpan = (message: OutgoingMessage, key: string): OutgoingMessage => {
      const parent = requestContexts.get(key) ?? context.active()
      const span =
        clientSpans.get(key) ??
        tracer.startSpan(
          `request ${message.topic}`,
          { kind: SpanKind.CLIENT, ...attributesOf(message) },
          parent,
        )
      clientSpans.add(key, span, message)
      const carrier: Carrier = { userProperties: message.userProperties ?? [] }
      inject(trace.setSpan(parent, span), carrier)
      return { ...message, userProperties: carrier.userProperties }
    }
    /** Adds the context of the server span, by which a reader of the response finds its trace. */
    const withServerSpan = (message: OutgoingMessage): OutgoingMessage => {
      const span = serverSpans.get(exchangeKey(message.topic, message) ?? '')
      if (span === undefined) return message
      const carrier: Carrier = { userProperties: message.userProperties ?? [] }
      inject(trace.setSpan(ROOT_CONTEXT, span), carrier)
      return { ...message, userProperties: carrier.userProperties }
    }
    const startServerSpan = (message: Message, key: string): Context => {
      const parent = extract(message.userProperties ?? [])
      const span = tracer.startSpan(
        `serve ${message.topic}`,
        { kind: SpanKind.SERVER, ...attributesOf(message) },
        parent,
      )
      serverSpans.add(key, span, message)
      return trace.setSpan(parent, span)
    }

    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          const key = keyOf(message)
          if (key === undefined)
            return next(withServerSpan(message)).pipe(finalize(() => serverSpans.endByResponse(message)))
          if (!isControlMessage(message)) return next(withClientSpan(message, key))
          if (isCancel(message)) clientSpans.end(key, message)
          return next(message)
        }),
      addedBytes: () => addedBytes,
      deliveries$: (deliveries$) =>
        new Observable((subscriber) =>
          deliveries$.subscribe({
            next: (delivery) => {
              const { message } = delivery
              const key = keyOf(message)
              if (key === undefined) clientSpans.endByResponse(message)
              else if (isCancel(message)) serverSpans.end(key, message)
              const isNew =
                key !== undefined && !isControlMessage(message) && serverSpans.get(key) === undefined
              if (isNew) context.with(startServerSpan(message, key), () => subscriber.next(delivery))
              else subscriber.next(delivery)
            },
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        ),
    })(link)
  }
}

/** Returns the key of the exchange that a request starts; `undefined` for responses, which have no Response Topic. */
function keyOf(message: Message | OutgoingMessage): string | undefined {
  return message.responseTopic === undefined ? undefined : exchangeKey(message.responseTopic, message)
}

function attributesOf({ topic }: Message | OutgoingMessage): { readonly attributes: Attributes } {
  return { attributes: { 'messaging.system': 'mqtt', 'messaging.destination.name': topic } }
}
