import { requests$, serve } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { delay, map, mergeMap, of, timer } from 'rxjs'
import { describe, it } from 'vitest'
import { marbles } from '../../src/index.js'
import { cancel, echo, firstRequest, secondRequest, thirdRequest, withStatus } from './echo.js'

describe('a responder, in marbles', () => {
  it(
    'acknowledges a request once its response is sent with acknowledge: after-response',
    marbles(({ broker, link, publish, expectObservable, expectPublished }) => {
      const responder = link({ clientId: 'responder' })
      responder.state$.subscribe()
      requests$(responder, echo, { acknowledge: 'after-response' })
        .pipe(serve(() => of('y')))
        .subscribe()
      broker.play([
        { at: 1, fault: { kind: 'reorder', by: 4, packets: ['publish'], direction: 'from-client' } },
      ])
      publish('--a', { a: firstRequest })
      expectPublished('me').toBe('------y')
      const unacknowledged = (at: number) =>
        timer(at, responder.scheduler).pipe(map(() => broker.session('responder')?.unacknowledged.length))
      expectObservable(unacknowledged(4)).toBe('----(n|)', { n: 1 })
      expectObservable(unacknowledged(7)).toBe('-------(n|)', { n: 0 })
    }),
  )

  it(
    'runs the handler once for a duplicate request, and sends it the same response',
    marbles(({ broker, link, publish, expectObservable, expectPublished }) => {
      const responder = link({ clientId: 'responder' })
      let runs = 0
      const records$ = requests$(responder, echo).pipe(
        serve(() => of(`${(runs += 1)}`).pipe(delay(3, responder.scheduler))),
        map(({ outcome }) => outcome),
      )
      expectObservable(records$).toBe('-----r', { r: 'responded' })
      publish('              --aa----a', { a: firstRequest })
      expectPublished('me').toBe('-----1--1')
      const unacknowledged$ = timer(12, responder.scheduler).pipe(
        map(() => broker.session('responder')?.unacknowledged.length),
      )
      expectObservable(unacknowledged$).toBe('------------(n|)', { n: 0 })
    }),
  )

  it(
    'does not answer retained requests',
    marbles(({ broker, link, expectPublished, cold }) => {
      broker.publish({
        topic: 'echo',
        payload: toUtf8('x'),
        retain: true,
        responseTopic: 'me',
        correlationData: toUtf8('1'),
      })
      const responder = link()
      cold('--a')
        .pipe(
          mergeMap(() => requests$(responder, echo)),
          serve(() => of('y')),
        )
        .subscribe()
      expectPublished('me').toBe('')
    }),
  )

  it(
    'answers 400 to a payload that cannot be decoded, and 500 when the handler throws',
    marbles(({ link, publish, expectPublished }) => {
      requests$(link(), echo)
        .pipe(
          serve(() => {
            throw new Error('no')
          }),
        )
        .subscribe()
      publish('              --ab', {
        a: { ...firstRequest, payload: Uint8Array.of(0xff) },
        b: secondRequest,
      })
      expectPublished('me').toBe('--xy', {
        x: { correlationData: '1', userProperties: withStatus(400, 'text/plain: not UTF-8') },
        y: {
          correlationData: '2',
          userProperties: [...withStatus(500, 'the handler failed'), ['__propName', 'Handler']],
        },
      })
    }),
  )

  it(
    'sends no response to a topic on which it receives requests',
    marbles(({ link, publish, expectPublished }) => {
      requests$(link(), echo)
        .pipe(serve(() => of('y')))
        .subscribe()
      publish('--a', { a: { ...firstRequest, responseTopic: 'echo' } })
      expectPublished('echo').toBe('--a', { a: { payload: 'x' } })
    }),
  )

  it(
    'sends the correlation data and the remaining expiry with the response',
    marbles(({ link, publish, expectPublished }) => {
      const responder = link()
      requests$(responder, echo)
        .pipe(serve(() => of('y').pipe(delay(1_500, responder.scheduler))))
        .subscribe()
      publish('--a', { a: { ...firstRequest, messageExpiryInterval: 4 } })
      expectPublished('me').toBe('1502ms y', {
        y: {
          payload: 'y',
          correlationData: '1',
          messageExpiryInterval: 3,
          userProperties: [['__stat', '200']],
        },
      })
    }),
  )

  it(
    'unsubscribes from the handler when the requester cancels',
    marbles(({ cold, link, publish, expectObservable, expectSubscriptions, expectPublished }) => {
      const work$ = cold('                     ------y')
      const records$ = requests$(link(), echo, { controlTopic: 'control' }).pipe(
        serve(() => work$),
        map(({ outcome }) => outcome),
      )
      publish('                                --a-c', { a: firstRequest, c: cancel })
      expectObservable(records$).toBe('        ----r', { r: 'cancelled' })
      expectSubscriptions(work$.subscriptions).toBe('--^-!')
      expectPublished('me').toBe('')
    }),
  )

  it(
    'unsubscribes from the handler when the request expires',
    marbles(({ cold, link, publish, expectObservable, expectSubscriptions, expectTimers }) => {
      const work$ = cold('-')
      const records$ = requests$(link(), echo).pipe(
        serve(() => work$),
        map(({ outcome }) => outcome),
      )
      publish('                                  --a', { a: { ...firstRequest, messageExpiryInterval: 1 } })
      expectObservable(records$).toBe('          1002ms r', { r: 'expired' })
      expectSubscriptions(work$.subscriptions).toBe('--^ 999ms !')
      expectTimers('2s |').toBe(0)
    }),
  )

  it(
    'leaves no timer behind once a request is answered',
    marbles(({ link, publish, expectObservable, expectTimers }) => {
      const responder = link()
      const records$ = requests$(responder, echo).pipe(
        serve(() => of('y').pipe(delay(2, responder.scheduler)), { handlerTimeout: 20 }),
        map(({ outcome }) => outcome),
      )
      publish('                        --a', { a: { ...firstRequest, messageExpiryInterval: 1 } })
      expectObservable(records$).toBe('----r', { r: 'responded' })
      expectTimers('-----|').toBe(0)
    }),
  )

  it(
    'answers 503 when as many requests run and wait as `concurrency` and `queue` allow',
    marbles(({ cold, link, publish, expectSubscriptions, expectPublished }) => {
      const work$ = cold('                                ----(y|)')
      requests$(link(), echo)
        .pipe(serve(() => work$, { concurrency: 1, queue: 1 }))
        .subscribe()
      publish('                                         --(abc)', {
        a: firstRequest,
        b: secondRequest,
        c: thirdRequest,
      })
      expectSubscriptions(work$.subscriptions).toBe(['--^---!', '------^---!'])
      expectPublished('me').toBe('                      --b---y---z', {
        b: { correlationData: '3', payload: '', userProperties: withStatus(503, 'busy: retry later') },
        y: { correlationData: '1', payload: 'y' },
        z: { correlationData: '2', payload: 'y' },
      })
    }),
  )

  it(
    'unsubscribes, finishes its requests and completes when drained',
    marbles(({ cold, link, publish, expectObservable, expectSubscribed }) => {
      const responder = link()
      const records$ = requests$(responder, echo, { drain$: cold('----d') }).pipe(
        serve(() => of('y').pipe(delay(4, responder.scheduler))),
        map(({ outcome }) => outcome[0]),
      )
      // The second request is published after the UNSUBSCRIBE.
      publish('                        --a--b--', { a: firstRequest, b: secondRequest })
      expectObservable(records$).toBe('------(r|)')
      expectSubscribed('echo').toBe('  ^---!')
    }),
  )
})
