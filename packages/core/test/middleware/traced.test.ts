import { endpoint, exchange$, json, payloadField, requests$, serve, text, userProperty } from '@antiphon/core'
import { traced } from '@antiphon/core/traced'
import { context, createTraceState, propagation, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NEVER, of, throwError } from 'rxjs'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { statusOf } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('test')

propagation.setGlobalPropagator(new W3CTraceContextPropagator())
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())

beforeEach(() => exporter.reset())
afterAll(() => {
  propagation.disable()
  context.disable()
})

/** Returns the finished spans by name. */
function spans() {
  return Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]))
}

function serveEcho({ link, advance }: World, handler: Parameters<typeof serve>[0]) {
  requests$(traced({ tracer })(link('server')), echo)
    .pipe(serve(handler as never))
    .subscribe()
  advance(50)
}

describe('traced', () => {
  it('makes the server span a child of the client span', () => {
    inWorld((world) => {
      let activeSpan: string | undefined
      serveEcho(world, () => {
        activeSpan = trace.getActiveSpan()?.spanContext().spanId
        return of('response')
      })
      exchange$(traced({ tracer })(world.link('requester')), echo, 'request').subscribe()
      world.advance(100)
      const { 'request echo': clientSpan, 'serve echo': serverSpan } = spans()
      expect(serverSpan?.parentSpanContext?.spanId).toBe(clientSpan?.spanContext().spanId)
      expect(serverSpan?.spanContext().traceId).toBe(clientSpan?.spanContext().traceId)
      expect(activeSpan).toBe(serverSpan?.spanContext().spanId)
    })
  })

  it('uses one span for all attempts of a request, and sends its context with each', () => {
    inWorld((world) => {
      const parents = new Set<string | undefined>()
      world.broker.published$.subscribe(({ message }) => {
        // The cancel that follows the timeout is not an attempt.
        if (statusOf(message) === undefined) parents.add(userProperty(message.userProperties, 'traceparent'))
      })
      exchange$(traced({ tracer })(world.link('requester')), echo, 'x', {
        timeout: 3_000,
        retry: { count: 2 },
      }).subscribe({
        error: () => undefined,
      })
      world.advance(5_000)
      expect(parents.size).toBe(1)
      expect(exporter.getFinishedSpans()).toHaveLength(1)
      expect(spans()['request echo']?.status).toMatchObject({ code: 2, message: 'timeout' })
    })
  })

  it('ends both spans as errors when the handler fails', () => {
    inWorld((world) => {
      serveEcho(world, () => throwError(() => new Error('no')))
      exchange$(traced({ tracer })(world.link('requester')), echo, 'x').subscribe({ error: () => undefined })
      world.advance(100)
      expect(exporter.getFinishedSpans().map(({ status }) => status.code)).toEqual([2, 2])
    })
  })

  it.each<[when: string, cancel: 'wire' | 'local', after: number]>([
    ['before its responder has accepted it', 'wire', 50],
    ['at the requester alone', 'local', 150],
  ])('ends the span of a request that is cancelled %s as cancelled', (_, cancel, after) => {
    inWorld((world) => {
      const contract = endpoint({ topic: 'echo', request: text, response: text, cancel })
      serveEcho(world, () => NEVER)
      const link = traced({ tracer })(world.link('requester'))
      const exchange = exchange$(link, contract, 'x', { timeout: 60_000 }).subscribe()
      world.advance(after)
      exchange.unsubscribe()
      expect(spans()['request echo']?.status).toMatchObject({ code: 2, message: 'status 499' })
    })
  })

  it('ends both spans on cancel', () => {
    inWorld((world) => {
      serveEcho(world, () => NEVER)
      const exchange = exchange$(traced({ tracer })(world.link('requester')), echo, 'x').subscribe()
      world.advance(150)
      exchange.unsubscribe()
      world.advance(50)
      expect(Object.keys(spans()).sort()).toEqual(['request echo', 'serve echo'])
    })
  })

  it('sends the context of the server span with the response', () => {
    inWorld((world) => {
      const contexts: (string | undefined)[] = []
      world.broker.published$.subscribe(({ message, clientId }) => {
        if (clientId === 'server') contexts.push(userProperty(message.userProperties, 'traceparent'))
      })
      serveEcho(world, () => of('response'))
      exchange$(traced({ tracer })(world.link('requester')), echo, 'request').subscribe()
      world.advance(100)
      const { 'serve echo': serverSpan } = spans()
      expect(contexts).toHaveLength(1)
      expect(contexts[0]).toContain(serverSpan?.spanContext().spanId)
    })
  })

  it('sends tracestate with the request and with the response', () => {
    inWorld((world) => {
      const states: (readonly [string | undefined, string | undefined])[] = []
      world.broker.published$.subscribe(({ message, clientId }) =>
        states.push([clientId, userProperty(message.userProperties, 'tracestate')]),
      )
      serveEcho(world, () => of('response'))
      const traceState = createTraceState('vendor=opaque')
      const parent = trace.setSpanContext(ROOT_CONTEXT, {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags: TraceFlags.SAMPLED,
        traceState,
      })
      context.with(parent, () => {
        exchange$(traced({ tracer })(world.link('requester')), echo, 'request').subscribe()
      })
      world.advance(100)
      expect(states).toEqual([
        ['requester', 'vendor=opaque'],
        ['server', 'vendor=opaque'],
      ])
      expect(spans()['serve echo']?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c')
    })
  })

  it('makes the client span a child of the span that is active where the request is sent, also if it waits for SUBACK', () => {
    inWorld((world) => {
      serveEcho(world, () => of('response'))
      const requester = traced({ tracer })(world.link('requester'))
      const activeSpans = ['first', 'second'].map((name) => tracer.startSpan(name))
      for (const [index, span] of activeSpans.entries()) {
        context.with(trace.setSpan(context.active(), span), () => {
          exchange$(requester, echo, 'request').subscribe()
        })
        // The first request waits for the connection and SUBACK, the second for nothing.
        world.advance(index * 100 + 100)
      }
      const parents = exporter
        .getFinishedSpans()
        .filter(({ name }) => name === 'request echo')
        .map(({ parentSpanContext }) => parentSpanContext?.spanId)
      expect(parents).toEqual(activeSpans.map((span) => span.spanContext().spanId))
    })
  })

  it('starts a span without a parent for a request that another program publishes through the link', () => {
    inWorld((world) => {
      const link = traced({ tracer })(world.link('requester'))
      link
        .publish$({
          topic: 'a',
          payload: new Uint8Array(),
          responseTopic: 'r',
          correlationData: Uint8Array.of(1),
        })
        .subscribe()
      world.advance(100)
      link.publish$({ topic: 'r', payload: new Uint8Array(), correlationData: Uint8Array.of(1) }).subscribe()
      world.advance(4_000_000)
      expect(spans()['request a']?.parentSpanContext).toBeUndefined()
    })
  })

  it('starts no span for a request that ends before it is sent, or has no Correlation Data', () => {
    inWorld((world) => {
      exchange$(traced({ tracer })(world.link('requester')), echo, 'request')
        .subscribe()
        .unsubscribe()
      const plain = endpoint({
        topic: 'plain',
        responseTopic: 'plain/response',
        request: json.unchecked<{ readonly id?: string }>(),
        response: json.unchecked<{ readonly id?: string }>(),
        correlation: payloadField('id'),
      })
      const onMqtt3 = traced({ tracer })(world.link('plain', { protocolVersion: 4 }))
      exchange$(onMqtt3, plain, {}, { timeout: 500 }).subscribe({ error: () => undefined })
      world.advance(1_000)
      expect(spans()).toEqual({})
    })
  })

  it('uses its own propagator without a global one', () => {
    propagation.disable()
    try {
      inWorld(({ link, advance }) => {
        const options = { tracer, propagator: new W3CTraceContextPropagator() }
        requests$(traced(options)(link('server')), echo)
          .pipe(serve(() => of('response')))
          .subscribe()
        advance(50)
        exchange$(traced(options)(link('requester')), echo, 'request').subscribe()
        advance(100)
        const { 'request echo': clientSpan, 'serve echo': serverSpan } = spans()
        expect(serverSpan?.parentSpanContext?.spanId).toBe(clientSpan?.spanContext().spanId)
      })
    } finally {
      propagation.setGlobalPropagator(new W3CTraceContextPropagator())
    }
  })
})
