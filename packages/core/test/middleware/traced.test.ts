import { endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { traced } from '@antiphon/core/traced'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NEVER, of, throwError } from 'rxjs'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
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

/** The finished spans by name. */
function spans() {
  return Object.fromEntries(exporter.getFinishedSpans().map((span) => [span.name, span]))
}

function served({ link, advance }: World, handler: Parameters<typeof serve>[0]) {
  requests$(traced({ tracer })(link('server')), echo)
    .pipe(serve(handler as never))
    .subscribe()
  advance(50)
}

describe('traced', () => {
  it('joins both sides: the server span is the child of the client span', () => {
    inWorld((world) => {
      let within: string | undefined
      served(world, () => {
        within = trace.getActiveSpan()?.spanContext().spanId
        return of('answer')
      })
      exchange$(traced({ tracer })(world.link('caller')), echo, 'question').subscribe()
      world.advance(100)
      const { 'ask echo': requested, 'serve echo': answered } = spans()
      expect(answered?.parentSpanContext?.spanId).toBe(requested?.spanContext().spanId)
      expect(answered?.spanContext().traceId).toBe(requested?.spanContext().traceId)
      expect(within).toBe(answered?.spanContext().spanId)
    })
  })

  it('a question asked again keeps its one span, and carries it again', () => {
    inWorld((world) => {
      const parents = new Set<string | undefined>()
      world.broker.published$.subscribe(({ message }) =>
        parents.add(message.userProperties?.find(([name]) => name === 'traceparent')?.[1]),
      )
      exchange$(traced({ tracer })(world.link('caller')), echo, 'x', {
        timeout: 3_000,
        retry: { count: 2 },
      }).subscribe({
        error: () => undefined,
      })
      world.advance(5_000)
      expect(parents.size).toBe(1)
      expect(exporter.getFinishedSpans()).toHaveLength(1)
      expect(spans()['ask echo']?.status).toMatchObject({ code: 2, message: 'timeout' })
    })
  })

  it('a failure ends both spans as errors', () => {
    inWorld((world) => {
      served(world, () => throwError(() => new Error('no')))
      exchange$(traced({ tracer })(world.link('caller')), echo, 'x').subscribe({ error: () => undefined })
      world.advance(100)
      expect(exporter.getFinishedSpans().map(({ status }) => status.code)).toEqual([2, 2])
    })
  })

  it('a cancel ends both spans', () => {
    inWorld((world) => {
      served(world, () => NEVER)
      const exchange = exchange$(traced({ tracer })(world.link('caller')), echo, 'x').subscribe()
      world.advance(50)
      exchange.unsubscribe()
      world.advance(50)
      expect(Object.keys(spans()).sort()).toEqual(['ask echo', 'serve echo'])
    })
  })
})
