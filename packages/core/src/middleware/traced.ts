import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Attributes,
  type Context,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
} from '@opentelemetry/api'
import { defer, finalize, Observable } from 'rxjs'
import type { LinkMiddleware } from '../link/link.js'
import { userProperty, type Message, type OutgoingMessage, type UserProperties } from '../message.js'
import { isCancel, isControlMessage } from '../protocol/control-message.js'
import { linkMiddleware } from './link-middleware.js'
import { exchangeKey } from './open-exchanges.js'
import { OpenSpans } from './open-spans.js'

/** What makes the spans. */
export interface TracedOptions {
  /** @defaultValue the globally registered provider's tracer `@antiphon/core` */
  readonly tracer?: Tracer
}

/** A message on its way out; the propagator adds its fields to the copy's user properties. */
interface Carrier {
  userProperties: UserProperties
}

const INTO: TextMapSetter<Carrier> = {
  set: (carrier, name, value) => {
    const others = carrier.userProperties.filter(([key]) => key !== name)
    carrier.userProperties = [...others, [name, value]]
  },
}

const OUT_OF: TextMapGetter<UserProperties> = {
  get: (properties, name) => userProperty(properties, name),
  keys: (properties) => properties.map(([name]) => name),
}

/**
 * Traces exchanges with OpenTelemetry: a client span from question to answer, a server span from request to reply, the
 * one the parent of the other by W3C Trace Context in the user properties. A handler runs within its request's span.
 *
 * Needs the optional peer `@opentelemetry/api`.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), traced())
 * ```
 */
export function traced({ tracer = trace.getTracer('@antiphon/core') }: TracedOptions = {}): LinkMiddleware {
  return (link) => {
    const requested = new OpenSpans(link.scheduler)
    const inHand = new OpenSpans(link.scheduler)

    const sendRequest = (message: OutgoingMessage, key: string): OutgoingMessage => {
      const span =
        requested.get(key) ??
        tracer.startSpan(`ask ${message.topic}`, { kind: SpanKind.CLIENT, ...about(message) })
      requested.add(key, span, message)
      const carrier: Carrier = { userProperties: message.userProperties ?? [] }
      propagation.inject(trace.setSpan(context.active(), span), carrier, INTO)
      return { ...message, userProperties: carrier.userProperties }
    }
    const serve = (message: Message, key: string): Context => {
      const parent = propagation.extract(ROOT_CONTEXT, message.userProperties ?? [], OUT_OF)
      const span = tracer.startSpan(
        `serve ${message.topic}`,
        { kind: SpanKind.SERVER, ...about(message) },
        parent,
      )
      inHand.add(key, span, message)
      return trace.setSpan(parent, span)
    }

    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          const key = keyOf(message)
          if (key === undefined) return next(message).pipe(finalize(() => inHand.reply(message)))
          if (!isControlMessage(message)) return next(sendRequest(message, key))
          if (isCancel(message)) requested.end(key, message)
          return next(message)
        }),
      deliveries$: (deliveries$) =>
        new Observable((subscriber) =>
          deliveries$.subscribe({
            next: (delivery) => {
              const { message } = delivery
              const key = keyOf(message)
              if (key === undefined) requested.reply(message)
              else if (isCancel(message)) inHand.end(key, message)
              const isNew = key !== undefined && !isControlMessage(message) && inHand.get(key) === undefined
              if (isNew) context.with(serve(message, key), () => subscriber.next(delivery))
              else subscriber.next(delivery)
            },
            error: (error: unknown) => subscriber.error(error),
            complete: () => subscriber.complete(),
          }),
        ),
    })(link)
  }
}

/** The exchange that a question opens; replies carry no Response Topic. */
function keyOf(message: Message | OutgoingMessage): string | undefined {
  return message.responseTopic === undefined ? undefined : exchangeKey(message.responseTopic, message)
}

function about({ topic }: Message | OutgoingMessage): { readonly attributes: Attributes } {
  return { attributes: { 'messaging.system': 'mqtt', 'messaging.destination.name': topic } }
}
