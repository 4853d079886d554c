import {
  endpoint,
  responderStats,
  text,
  userProperty,
  type Authenticate,
  type AuthenticationVerdict,
  type RequestsOptions,
} from '@antiphon/core'
import { NEVER, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, statusOf } from '../observed.js'
import {
  cancelProperties,
  echo,
  withEchoResponder,
  withResponder,
  type ResponderSetup,
} from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>
const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })

/** Runs a test with a responder that authenticates and responds with the principal. */
function withAuthentication(
  authenticate: Authenticate<EchoTypes>,
  test: (setup: ResponderSetup<EchoTypes>) => void,
  requests: RequestsOptions<EchoTypes> = {},
): void {
  withEchoResponder(test, {
    requests: { authenticate, ...requests },
    handler: ({ principal }) => of(`for ${String(principal)}`),
  })
}

const answers = ({
  responses,
}: ResponderSetup<EchoTypes>): readonly (readonly [unknown, string | undefined])[] =>
  responses.map(({ message }) => [
    statusOf(message),
    userProperty(message.userProperties, '__stMsg') ?? new TextDecoder().decode(message.payload),
  ])

describe('authenticate', () => {
  it.each<[how: string, verdict: ReturnType<Authenticate<EchoTypes>>]>([
    ['synchronously', { principal: 'alice' }],
    ['as an Observable', of<AuthenticationVerdict>({ principal: 'alice' })],
  ])('passes the principal that it returns %s to the handler', (_, verdict) => {
    withAuthentication(
      () => verdict,
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(50)
        expect(answers(setup)).toEqual([[200, 'for alice']])
        expect(setup.unacknowledged()).toBe(0)
      },
    )
  })

  it.each<[verdict: AuthenticationVerdict, expected: readonly [number, string]]>([
    [{ refuse: 401 }, [401, 'the request is not authenticated']],
    [{ refuse: 403 }, [403, 'the request is not allowed']],
    [{ refuse: 403, message: 'read only' }, [403, 'read only']],
  ])('refuses a request with %j', (verdict, expected) => {
    withAuthentication(
      () => verdict,
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(50)
        expect(answers(setup)).toEqual([expected])
        expect(setup.handled).toEqual([])
        expect(setup.ignored).toMatchObject([{ reason: 'refused', detail: expected[1], status: expected[0] }])
        expect(setup.unacknowledged()).toBe(0)
        expect(responderStats(setup.server, echo)).toMatchObject({ received: 0, ignored: 1 })
      },
    )
  })

  it('decides again on a request that it refused', () => {
    let calls = 0
    withAuthentication(
      () => ((calls += 1) === 1 ? { refuse: 401 } : { principal: 'bob' }),
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(50)
        setup.sendRequest('x')
        setup.world.advance(50)
        expect(answers(setup).map(([status]) => status)).toEqual([401, 200])
      },
    )
  })

  it.each<[what: string, authenticate: Authenticate<EchoTypes>]>([
    [
      'throws',
      () => {
        throw new Error('no keys')
      },
    ],
    ['fails', () => throwError(() => new Error('no keys'))],
  ])('answers 500 without the reason if it %s', (_, authenticate) => {
    withAuthentication(authenticate, (setup) => {
      setup.sendRequest('x')
      setup.world.advance(50)
      expect(answers(setup)).toEqual([[500, 'the request cannot be authenticated']])
      expect(setup.ignored).toMatchObject([{ detail: 'authenticate failed: no keys' }])
    })
  })

  it('runs the handler once for a duplicate while the verdict is awaited', () => {
    const verdict$ = new Subject<AuthenticationVerdict>()
    withAuthentication(
      () => verdict$,
      (setup) => {
        setup.sendRequest('x')
        setup.sendRequest('x')
        setup.world.advance(50)
        expect([setup.handled.length, setup.unacknowledged()]).toEqual([0, 2])
        verdict$.next({ principal: 'alice' })
        setup.world.advance(50)
        expect([setup.handled.length, setup.unacknowledged()]).toEqual([1, 0])
      },
    )
  })

  it('does not run the handler of a request that is cancelled or expires while the verdict is awaited', () => {
    const verdict$ = new Subject<AuthenticationVerdict>()
    withAuthentication(
      () => verdict$,
      (setup) => {
        setup.sendRequest('x')
        setup.sendRequest('y', { correlationData: bytesOf('2'), messageExpiryInterval: 1 })
        setup.world.advance(50)
        setup.sendControl(cancelProperties)
        setup.world.advance(2_000)
        verdict$.next({ principal: 'late' })
        setup.world.advance(50)
        expect([setup.handled.length, setup.responses.length, setup.unacknowledged()]).toEqual([0, 0, 0])
        expect(verdict$.observed).toBe(false)
      },
    )
  })

  it('leaves a request without a verdict unacknowledged when the responder is unsubscribed', () => {
    withAuthentication(
      () => NEVER,
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(50)
        setup.records.unsubscribe()
        setup.world.advance(50)
        expect([setup.handled.length, setup.unacknowledged()]).toEqual([0, 1])
      },
    )
  })

  it('acknowledges a request on receipt, before its verdict', () => {
    withAuthentication(
      () => NEVER,
      (setup) => {
        setup.sendRequest('x')
        setup.world.advance(50)
        expect(setup.unacknowledged()).toBe(0)
      },
      { acknowledge: 'on-receipt' },
    )
  })

  it('refuses the request of a stream', () => {
    withResponder(
      { endpoint: many, handler: () => of('a'), requests: { authenticate: () => ({ refuse: 403 }) } },
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([403])
      },
    )
  })
})
