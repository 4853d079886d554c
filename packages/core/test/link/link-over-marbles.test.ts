import { marbles } from '@antiphon/testing'
import { catchError, map, mergeMap, of } from 'rxjs'
import { describe, it } from 'vitest'
import { AntiphonError } from '../../src/errors.js'
import { outgoing, textOf } from './messages.js'

const onSlowNetwork = { latency: 1 }
const me = {
  clientId: 'me',
  clean: false,
  sessionExpiryInterval: 60,
  reconnect: { initial: 2, maximum: 2, jitter: 0 },
} as const

describe('linkOver in marbles', () => {
  it(
    'is online after two packets, and again two packets after the reconnect delay',
    marbles(({ broker, link, expectObservable, expectTimers }) => {
      broker.play('                             -----i---------')
      const status$ = link(me).state$.pipe(map(({ status }) => status[0]))
      expectObservable(status$, '              ^------------!').toBe('c-o---o-c-o----')
      expectTimers('                            ----|          ').toBe(0)
      expectTimers('                            ------|        ').toBe(1)
      expectTimers('                            ----------|    ').toBe(0)
    }, onSlowNetwork),
  )

  it(
    'emits messages after SUBACK, keeps its window in a resumed session and opens another after a lost one',
    marbles(({ broker, link, publish, expectObservable, expectSubscribed }) => {
      broker.play('               -------x-r----------I----------')
      publish('                   a-----b-c-------d------------f-', {}, 't')
      const device = link(me)
      const texts$ = device.messages$('t').pipe(map(textOf))
      const windows$ = device.subscription$('t').pipe(map(() => 'w'))
      const until = '             ^------------------------------!'
      expectObservable(texts$, until).toBe('------------(bc)-d------------f')
      expectObservable(windows$, until).toBe('----w----------------------w---')
      expectSubscribed('t').toBe(['---^----------------!------------', '--------------------------^-----!'])
    }, onSlowNetwork),
  )

  it(
    'sends queued messages once online, in order, with their remaining expiry',
    marbles(({ broker, link, cold, expectObservable, expectPublished }) => {
      broker.play('             -----x 1493ms r-----------')
      const device = link(me)
      const expiries = { a: 10, b: 1, c: undefined, d: 2 }
      const acks$ = cold('      -------(abcd|)', expiries).pipe(
        mergeMap((messageExpiryInterval) => {
          const more = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
          return device.publish$(outgoing('t', 'x', more)).pipe(
            map(() => `${messageExpiryInterval}`),
            catchError((error: unknown) => of(AntiphonError.from(error).code)),
          )
        }),
      )
      expectObservable(acks$).toBe('1007ms b 497ms (acd|)', {
        a: '10',
        b: 'expired',
        c: 'undefined',
        d: '2',
      })
      expectPublished('t').toBe('  1504ms (acd)', {
        a: { messageExpiryInterval: 9 },
        c: {},
        d: { messageExpiryInterval: 1 },
      })
    }, onSlowNetwork),
  )
})
