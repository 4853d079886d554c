import {
  requesterStats,
  requests$,
  serve,
  exchange$,
  request$,
  requestEither$,
  unmatchedResponses$,
} from '@antiphon/core'
import { map, NEVER, of, take, timer } from 'rxjs'
import { describe, it } from 'vitest'
import { marbles } from '../../src/index.js'
import { respond, echo } from './echo.js'

describe('a requester, in marbles', () => {
  it(
    'publishes a request after the SUBACK of its response topic, and unsubscribes 30 s after the last request',
    marbles(({ broker, cold, link, expectObservable, expectPublished, expectSubscribed, expectTimers }) => {
      broker.inject({ kind: 'delay', by: 3, packets: ['suback'], clientId: 'requester' })
      const requester = link({ clientId: 'requester' })
      requester.state$.subscribe()
      respond(link({ clientId: 'responder' }), () => 2)
      const responses$ = cold('                     --(a|)').pipe(
        request$(requester, echo, { timeout: 90_000 }),
      )
      expectObservable(responses$).toBe('           -------(a|)')
      expectPublished('echo').toBe('              -----a')
      expectPublished('response/requester').toBe('   -------a')
      expectSubscribed('response/requester').toBe('  --^ 30004ms !')
      expectTimers('                              40s |').toBe(0)
    }),
  )

  it(
    'acknowledges every response and reports the second one as unmatched',
    marbles(({ broker, link, expectObservable, scheduler }) => {
      const requester = link({ clientId: 'requester' })
      respond(link({ clientId: 'responder' }), () => 1, 2)
      expectObservable(exchange$(requester, echo, 'a')).toBe('-(a|)')
      expectObservable(unmatchedResponses$(requester).pipe(map(({ message }) => message.topic))).toBe('-s', {
        s: 'response/requester',
      })
      const unacknowledged$ = timer(3, scheduler).pipe(
        map(() => broker.session('requester')?.unacknowledged.length),
      )
      expectObservable(unacknowledged$).toBe('---(n|)', { n: 0 })
    }),
  )

  it(
    'matches responses to their requests in any order',
    marbles(({ cold, link, expectObservable }) => {
      respond(link({ clientId: 'responder' }), (text) => (text === 'a' ? 5 : 1))
      const requests = '                                                            ab|'
      expectObservable(cold(requests).pipe(request$(link(), echo))).toBe('     --b--(a|)')
    }),
  )

  it(
    'emits responses in the order of the requests with `ordered`',
    marbles(({ cold, link, expectObservable }) => {
      respond(link({ clientId: 'responder' }), (text) => (text === 'a' ? 5 : 1))
      const responses$ = cold('ab|').pipe(request$(link(), echo, { ordered: true }))
      expectObservable(responses$).toBe('-----(ab|)')
    }),
  )

  it(
    'fails with timeout when no response arrives, and sets the message expiry accordingly',
    marbles(({ link, expectObservable, expectPublished }) => {
      const requester = link()
      const outcome$ = requestEither$(requester, echo, { timeout: 1_500 })(of('a'))
      const code$ = outcome$.pipe(map((either) => (either._tag === 'Left' ? either.left.code : 'responded')))
      expectObservable(code$).toBe('1500ms (t|)', { t: 'timeout' })
      expectPublished('#').toBe('a', { a: { payload: 'a', messageExpiryInterval: 2 } })
    }),
  )

  it(
    'retries as often as `retry.count` allows',
    marbles(({ link, expectObservable, expectPublished }) => {
      const options = { timeout: 10, retry: { count: 1, attemptTimeout: 3 } }
      const responses$ = requestEither$(link(), echo, options)(of('a')).pipe(map(({ _tag }) => _tag))
      expectObservable(responses$).toBe('----------(t|)', { t: 'Left' })
      expectPublished('#').toBe('a--a', { a: { payload: 'a', messageExpiryInterval: 1 } })
    }),
  )

  it(
    'sends one cancel message when its subscriber unsubscribes',
    marbles(({ link, expectObservable, expectPublished }) => {
      requests$(link({ clientId: 'member' }), echo, { group: 'members' })
        .pipe(serve(() => NEVER))
        .subscribe()
      expectObservable(exchange$(link(), echo, 'a'), '^--!').toBe('')
      expectPublished('echo').toBe('a')
      expectPublished('control/member').toBe('---c', {
        c: {
          payload: '',
          userProperties: [
            ['__ctl', 'cancel'],
            ['__stat', '499'],
          ],
        },
      })
    }),
  )

  it(
    'sends no cancel message when its subscriber unsubscribes on the response',
    marbles(({ link, expectObservable, expectPublished }) => {
      const requester = link()
      respond(link({ clientId: 'responder' }), () => 2)
      expectObservable(exchange$(requester, echo, 'a').pipe(take(1))).toBe('--(a|)')
      expectPublished('echo').toBe('a')
      const pending$ = timer(5, requester.scheduler).pipe(map(() => requesterStats(requester, echo).pending))
      expectObservable(pending$).toBe('-----(n|)', { n: 0 })
    }),
  )

  it(
    'sends a request again when its response may have been lost with the session',
    marbles(({ broker, link, expectPublished, expectObservable }) => {
      const requester = link({ clientId: 'requester' })
      expectObservable(exchange$(requester, echo, 'a', { onDisconnect: 'resend' }), '^---------!')
      broker.play('---I', { clientId: 'requester' })
      expectPublished('echo', { clientId: 'requester' }).toBe('a---a')
    }),
  )
})
