import {
  AntiphonError,
  endpoint,
  exchange$,
  requests$,
  serve,
  stamped,
  text,
  type LinkMiddleware,
} from '@antiphon/core'
import { traced } from '@antiphon/core/traced'
import { propagation } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { of } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const sizes = Array.from({ length: 60 }, (_, index) => 600 + index * 20)

const tracer = new BasicTracerProvider().getTracer('test')
beforeAll(() => void propagation.setGlobalPropagator(new W3CTraceContextPropagator()))
afterAll(() => propagation.disable())

describe.each<[string, LinkMiddleware]>([
  ['stamped', stamped()],
  ['traced', traced({ tracer })],
  ['stamped and traced', (link) => stamped()(traced({ tracer })(link))],
])('%s', (_, middleware) => {
  it.each([1_500, 480])(
    'sends requests and responses of any size, in chunks where they approach a Maximum Packet Size of %i',
    (maximumPacketSize) => {
      inWorld(
        ({ link, advance }) => {
          requests$(middleware(link('server')), echo)
            .pipe(serve(({ value }) => of(value)))
            .subscribe()
          const requester = middleware(link('requester'))
          advance(100)
          const outcomes: (number | string)[] = []
          for (const size of sizes) {
            exchange$(requester, echo, 'x'.repeat(size)).subscribe({
              next: (response) => outcomes.push(response.length),
              error: (error: unknown) => outcomes.push(AntiphonError.from(error).message),
            })
            advance(100)
          }
          expect(outcomes).toEqual(sizes)
        },
        { limits: { maximumPacketSize } },
      )
    },
  )
})
