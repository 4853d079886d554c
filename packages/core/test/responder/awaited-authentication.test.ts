import {
  endpoint,
  responderStats,
  text,
  userProperty,
  type Authenticate,
  type AuthenticationVerdict,
} from '@antiphon/core'
import { interval, map, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { deadlinesOf } from '../../src/link/link-deadlines.js'
import { textOf } from '../observed.js'
import {
  cancelProperties,
  echo,
  withEchoResponder,
  withResponder,
  type ResponderSetup,
} from './with-responder.js'

type EchoTypes = NonNullable<(typeof echo)['types']>

/** Runs a test with a responder that awaits the verdicts of a subject. */
function withVerdicts(
  test: (setup: ResponderSetup<EchoTypes> & { readonly verdict$: Subject<AuthenticationVerdict> }) => void,
): void {
  const verdict$ = new Subject<AuthenticationVerdict>()
  withEchoResponder((setup) => test({ ...setup, verdict$ }), {
    requests: { authenticate: () => verdict$ },
  })
}

describe('a verdict of authenticate that is awaited', () => {
  it('is no longer awaited when the request expires, and the request is acknowledged', () => {
    withVerdicts(({ sendRequest, world, verdict$, unacknowledged, responses }) => {
      sendRequest('x', { messageExpiryInterval: 1 })
      world.advance(900)
      expect([verdict$.observed, unacknowledged()]).toEqual([true, 1])
      world.advance(200)
      expect([verdict$.observed, unacknowledged(), responses.length]).toEqual([false, 0, 0])
    })
  })

  it('is no longer awaited when the responder is unsubscribed, and the request stays unacknowledged', () => {
    withVerdicts(({ sendRequest, world, verdict$, records, handled, unacknowledged }) => {
      sendRequest('x', { messageExpiryInterval: 1 })
      world.advance(50)
      records.unsubscribe()
      expect(verdict$.observed).toBe(false)
      verdict$.next({ principal: 'late' })
      world.advance(2_000)
      expect([handled.length, unacknowledged()]).toEqual([0, 1])
    })
  })

  it('does not count a request as refused that was cancelled before', () => {
    withVerdicts(({ server, sendRequest, sendControl, world, verdict$, ignored, responses }) => {
      sendRequest('x')
      world.advance(50)
      sendControl(cancelProperties)
      world.advance(50)
      verdict$.next({ refuse: 403 })
      world.advance(50)
      expect(ignored).toMatchObject([{ reason: 'cancel' }])
      expect(responses).toEqual([])
      expect(responderStats(server, echo)).toMatchObject({ received: 1 })
    })
  })

  it.each([
    ['a deadline if the request expires', { messageExpiryInterval: 60 }, 1],
    ['no deadline if the request does not expire', {}, 0],
  ])('has %s, and none after the verdict', (_, properties, deadlines) => {
    withVerdicts(({ server, sendRequest, world, verdict$ }) => {
      const { size } = deadlinesOf(server)
      sendRequest('x', properties)
      world.advance(50)
      expect([verdict$.observed, deadlinesOf(server).size]).toEqual([true, size + deadlines])
      verdict$.next({ refuse: 401 })
      expect(deadlinesOf(server).size).toBe(size)
    })
  })
})

describe('a verdict of authenticate that is emitted synchronously', () => {
  it('does not limit a stream to the expiry of its request', () => {
    const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
    withResponder(
      {
        endpoint: many,
        handler: () => interval(400).pipe(map((index) => String(index))),
        requests: { authenticate: () => of<AuthenticationVerdict>({ principal: 'alice' }) },
      },
      ({ sendRequest, world, responses, unacknowledged }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(50)
        sendRequest('x', { messageExpiryInterval: 1 })
        world.advance(2_050)
        expect(responses.map(({ message }) => textOf(message))).toEqual(['0', '1', '2', '3', '4'])
        expect(unacknowledged()).toBe(0)
      },
    )
  })
})

describe('an authentication that fails', () => {
  it.each<[how: string, authenticate: Authenticate<EchoTypes>]>([
    [
      'synchronously',
      () => {
        throw new Error('no keys')
      },
    ],
    ['asynchronously', () => throwError(() => new Error('no keys'))],
  ])('is named in the response if it fails %s', (_, authenticate) => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x')
        world.advance(50)
        expect(responses.map(({ message }) => userProperty(message.userProperties, '__propName'))).toEqual([
          'Authentication',
        ])
      },
      { requests: { authenticate } },
    )
  })
})
