import { requests$, serve } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { delay, map, of, timer } from 'rxjs'
import { describe, it } from 'vitest'
import { marbles } from '../../src/index.js'
import { echo, firstRequest, secondRequest } from './echo.js'

describe('a link, in marbles', () => {
  it(
    'sends acknowledgements in the order of receipt',
    marbles(({ broker, scheduler, publish, expectObservable, expectPublished }) => {
      const responder = linkOver(broker.transport({ clientId: 'responder' }), { scheduler })
      requests$(responder, echo, { acknowledge: 'after-response' })
        .pipe(serve(({ value }) => of(value).pipe(delay(value === 'slow' ? 4 : 1, scheduler))))
        .subscribe()
      publish('              --ab', { a: { ...firstRequest, payload: 'slow' }, b: secondRequest })
      expectPublished('me').toBe('----x-s', { s: 'slow' })
      const unacknowledged = (at: number) =>
        timer(at, scheduler).pipe(map(() => broker.session('responder')?.unacknowledged.length))
      expectObservable(unacknowledged(5)).toBe('-----(n|)', { n: 2 })
      expectObservable(unacknowledged(7)).toBe('-------(n|)', { n: 0 })
    }),
  )

  it(
    'subscribes again on a new session',
    marbles(({ broker, scheduler, publish, expectObservable, expectSubscribed }) => {
      const reconnect = { initial: 2, maximum: 2, jitter: 0 }
      const responder = linkOver(broker.transport({ clientId: 'responder' }), { scheduler, reconnect })
      const texts$ = responder.messages$('echo').pipe(map(({ payload }) => new TextDecoder().decode(payload)))
      broker.play('              --I')
      publish('                  -a-b-c', {}, 'echo')
      expectObservable(texts$).toBe('-a---c')
      expectSubscribed('echo').toBe(['^-!', '----^'])
    }),
  )
})
