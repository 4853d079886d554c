import { endpoint, inOrder, requests$, serve, text, type ServeRecord } from '@antiphon/core'
import { delay, merge, NEVER, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  bytesOf,
  observe,
  publishedBy,
  statusOf,
  textOf,
  type Observed,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'
import { echo, requestProperties, withEchoResponder } from './with-responder.js'

const other = endpoint({ topic: 'other', request: text, response: text })

interface SharedServe {
  readonly world: World
  readonly drain$: Subject<void>
  readonly records: Observed<ServeRecord>
  readonly responses: readonly PublishedMessage[]
  readonly send: (topic: 'echo' | 'other', payload: string) => void
}

/** Runs a test with a `serve` of two endpoints, of which only `echo` is drained. Handlers take 500 ms, one at a time. */
function withSharedServe(drainTimeout: number, test: (setup: SharedServe) => void): void {
  inWorld((world) => {
    const drain$ = new Subject<void>()
    const link = world.link('server', { clean: false, sessionExpiryInterval: 3_600 })
    const responses = publishedBy(world, 'server')
    const requests = merge(requests$(link, echo, { drain$, drainTimeout }), requests$(link, other))
    const handler = () => of('done').pipe(delay(500))
    const records = observe<ServeRecord>(world, requests.pipe(serve(handler, { concurrency: 1 })))
    world.advance(50)
    const send = (topic: string, payload: string): void => {
      const correlationData = bytesOf(payload)
      world.broker.publish({ topic, payload: bytesOf(payload), ...requestProperties, correlationData })
      world.advance(5)
    }
    test({ world, drain$, records, responses, send })
  })
}

const payloadsOf = ({ records }: SharedServe): readonly string[] =>
  records.values.map(({ request }) => textOf(request))

describe('a drained responder that shares its serve with another', () => {
  it('releases its own waiting requests, and no others', () => {
    withSharedServe(30_000, (setup) => {
      const { world, drain$, send } = setup
      send('echo', 'running')
      send('other', 'waits')
      send('echo', 'is released')
      drain$.next()
      world.advance(2_000)
      expect(payloadsOf(setup)).toEqual(['running', 'waits'])
      expect(world.broker.session('server')?.unacknowledged.map(textOf)).toEqual(['is released'])
    })
  })

  it('interrupts its own running request after drainTimeout, and no other', () => {
    withSharedServe(100, (setup) => {
      const { world, drain$, send, responses } = setup
      send('echo', 'interrupted')
      send('other', 'waits')
      drain$.next()
      world.advance(2_000)
      expect(payloadsOf(setup)).toEqual(['interrupted', 'waits'])
      expect(responses.map(({ message }) => statusOf(message))).toEqual([503, 200])
    })
  })
})

describe('a responder whose drainTimeout is over', () => {
  it('aborts the signal of a handler whose request it releases', () => {
    const drain$ = new Subject<void>()
    const signals: AbortSignal[] = []
    withEchoResponder(
      ({ sendRequest, world, unacknowledged, records }) => {
        sendRequest('x')
        world.advance(50)
        drain$.next()
        world.advance(200)
        expect(signals[0]?.reason).toMatchObject({
          code: 'cancelled',
          rawMessage: 'the responder stopped before the handler had responded',
        })
        expect([unacknowledged(), records.values.length]).toEqual([1, 0])
      },
      {
        requests: { drain$, drainTimeout: 100, acknowledge: 'after-response' },
        handler: ({ signal }) => {
          signals.push(signal)
          return NEVER
        },
      },
    )
  })

  it('records a request as responded whose response is acknowledged shortly after, on MQTT 3.1.1', () => {
    inWorld((world) => {
      const drain$ = new Subject<void>()
      const commands = endpoint({
        topic: 'echo',
        responseTopic: 'responses',
        request: text,
        response: text,
        correlation: inOrder(),
      })
      const link = world.link('server', { protocolVersion: 4, clean: false })
      const options = { drain$, drainTimeout: 100 }
      const records = observe(world, requests$(link, commands, options).pipe(serve(() => of('done'))))
      world.advance(50)
      world.broker.inject({ kind: 'delay', by: 500, packets: ['puback'], clientId: 'server' })
      world.broker.publish({ topic: 'echo', payload: bytesOf('x') })
      world.advance(50)
      drain$.next()
      world.advance(2_000)
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
      expect(records.ending()).toBe('complete')
    })
  })
})
