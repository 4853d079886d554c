import { AntiphonError, endpoint, text, type Handler, type ReceivedRequest } from '@antiphon/core'
import { map, NEVER, of, Subject } from 'rxjs'
import { requests$, serve } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { inWorld } from '../world.js'
import { bytesOf, observe } from '../observed.js'
import {
  cancelProperties,
  echo,
  withEchoResponder,
  withResponder,
  type ResponderSetup,
} from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>
const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })

/** Runs a handler that never responds, and collects the signals that it reads. */
function withSignals(
  test: (setup: ResponderSetup<EchoTypes>, signals: readonly AbortSignal[]) => void,
  options: Parameters<typeof withEchoResponder>[1] = {},
): void {
  const signals: AbortSignal[] = []
  const handler: Handler<EchoTypes> = ({ signal }) => {
    signals.push(signal)
    return NEVER
  }
  withEchoResponder((setup) => test(setup, signals), { handler, ...options })
}

const reasonOf = (signal: AbortSignal | undefined): AntiphonError => AntiphonError.from(signal?.reason)

describe('the signal of a request', () => {
  it('aborts when the requester cancels', () => {
    withSignals(({ sendRequest, sendControl, world }, signals) => {
      sendRequest('x')
      world.advance(50)
      expect(signals[0]?.aborted).toBe(false)
      sendControl(cancelProperties)
      world.advance(50)
      expect(reasonOf(signals[0])).toMatchObject({
        code: 'cancelled',
        rawMessage: 'the requester cancelled the request',
      })
    })
  })

  it('aborts when the request expires', () => {
    withSignals(({ sendRequest, world }, signals) => {
      sendRequest('x', { messageExpiryInterval: 2 })
      world.advance(1_900)
      expect(signals[0]?.aborted).toBe(false)
      world.advance(200)
      expect(reasonOf(signals[0])).toMatchObject({ code: 'expired', rawMessage: 'the request has expired' })
    })
  })

  it('aborts after handlerTimeout', () => {
    withSignals(
      ({ sendRequest, world }, signals) => {
        sendRequest('x')
        world.advance(200)
        expect(reasonOf(signals[0])).toMatchObject({
          code: 'timeout',
          rawMessage: 'the handler exceeded handlerTimeout',
        })
      },
      { serve: { handlerTimeout: 100 } },
    )
  })

  it('aborts after handlerTimeout of a stream', () => {
    let signal: AbortSignal | undefined
    withResponder(
      {
        endpoint: many,
        handler: (request) => {
          signal = request.signal
          return NEVER
        },
        serve: { handlerTimeout: 100 },
      },
      ({ sendRequest, world }) => {
        sendRequest('x')
        world.advance(200)
        expect(reasonOf(signal)).toMatchObject({ code: 'timeout' })
      },
    )
  })

  it('aborts when the requester of a stream no longer subscribes', () => {
    const items$ = new Subject<string>()
    let signal: AbortSignal | undefined
    withResponder(
      {
        endpoint: many,
        handler: (request) => {
          signal = request.signal
          return items$
        },
      },
      ({ sendRequest, world }) => {
        sendRequest('x')
        world.advance(50)
        items$.next('a')
        world.advance(50)
        expect(reasonOf(signal)).toMatchObject({ code: 'cancelled' })
      },
    )
  })

  it('aborts when drainTimeout is over, and when serve is unsubscribed', () => {
    const drain$ = new Subject<void>()
    withSignals(
      ({ sendRequest, world }, signals) => {
        sendRequest('x')
        world.advance(50)
        drain$.next()
        world.advance(50)
        expect(signals[0]?.aborted).toBe(false)
        world.advance(100)
        expect(reasonOf(signals[0])).toMatchObject({
          code: 'cancelled',
          rawMessage: 'the responder stopped before the handler had responded',
        })
      },
      { requests: { drain$, drainTimeout: 100 } },
    )
    withSignals(({ sendRequest, world, records }, signals) => {
      sendRequest('x')
      world.advance(50)
      records.unsubscribe()
      expect(signals[0]?.aborted).toBe(true)
    })
  })

  it('does not abort when the handler responds', () => {
    let signal: AbortSignal | undefined
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x', { messageExpiryInterval: 1 })
        world.advance(5_000)
        expect([records.values[0]?.outcome, signal?.aborted]).toEqual(['responded', false])
      },
      {
        handler: (request) => {
          signal = request.signal
          return of('y')
        },
      },
    )
  })

  it.each(['drainTimeout is over', 'serve is unsubscribed'])(
    'does not abort when %s while the response of the handler is unacknowledged',
    (what) => {
      const drain$ = new Subject<void>()
      withEchoResponder(
        ({ sendRequest, world, records, handled, responses }) => {
          world.broker.inject({ kind: 'delay', by: 60_000, packets: ['puback'], clientId: 'server' })
          sendRequest('x')
          world.advance(50)
          if (what === 'drainTimeout is over') drain$.next()
          else records.unsubscribe()
          world.advance(5_000)
          expect(responses).toHaveLength(1)
          expect(handled.map(({ signal }) => signal.aborted)).toEqual([false])
        },
        { requests: { drain$, drainTimeout: 100 } },
      )
    },
  )

  it('is aborted when it is read after the cancel, and is the same one each time', () => {
    withEchoResponder(
      ({ sendRequest, sendControl, world, handled }) => {
        sendRequest('x')
        world.advance(50)
        sendControl(cancelProperties)
        sendControl(cancelProperties)
        world.advance(50)
        const [request] = handled
        expect(request?.signal.aborted).toBe(true)
        expect(request?.signal).toBe(request?.signal)
      },
      { handler: () => NEVER },
    )
  })

  it('is kept by a copy of the request', () => {
    inWorld((world) => {
      const handled: ReceivedRequest<EchoTypes>[] = []
      const link = world.link('server')
      const records$ = requests$(link, echo).pipe(
        map((request) => Object.freeze({ ...request })),
        serve<EchoTypes>(
          (request) => {
            handled.push(request)
            return NEVER
          },
          { handlerTimeout: 100 },
        ),
      )
      observe(world, records$)
      world.advance(10)
      world.broker.publish({
        topic: 'echo',
        payload: bytesOf('x'),
        responseTopic: 'responses',
        correlationData: bytesOf('1'),
      })
      world.advance(10)
      const [request] = handled
      expect(request?.signal.aborted).toBe(false)
      expect(request?.deadline).toBe((request?.receivedAt ?? NaN) + 100)
      world.advance(200)
      expect(request?.signal.aborted).toBe(true)
    })
  })
})

describe('the deadline of a request', () => {
  it.each([
    ['its expiry', 2, Infinity, 2_000],
    ['handlerTimeout, if that is earlier', 2, 500, 500],
    ['no time without either', undefined, Infinity, Infinity],
  ])('is %s', (_, messageExpiryInterval, handlerTimeout, expected) => {
    withEchoResponder(
      ({ sendRequest, world, handled }) => {
        sendRequest('x', messageExpiryInterval === undefined ? {} : { messageExpiryInterval })
        world.advance(50)
        const [request] = handled
        expect((request?.deadline ?? NaN) - (request?.receivedAt ?? NaN)).toBe(expected)
      },
      { handler: () => NEVER, serve: { handlerTimeout } },
    )
  })

  it('of a stream is that of handlerTimeout alone', () => {
    withResponder({ endpoint: many, handler: () => NEVER }, ({ sendRequest, world, handled }) => {
      sendRequest('x', { messageExpiryInterval: 2 })
      world.advance(50)
      expect(handled[0]?.deadline).toBe(Infinity)
    })
  })
})
