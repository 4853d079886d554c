import { endpoint, serve, text, type Link } from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { right } from 'fp-ts/lib/Either.js'
import { delay, EMPTY, map, NEVER, of, switchMap } from 'rxjs'
import { configure } from 'rxjs-marbles'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { like, marbles, withBroker, type BrokerContext, type PayloadReader } from '../../src/index.js'
import { thermostat } from './thermostat.js'

const question = { topic: 'ask', payload: 'warm?', responseTopic: 'answer', correlationData: '1' }

/** The same test, whichever door it comes through. */
function asks({ link, publish, expectPublished, expectSubscribed, expectTimers }: BrokerContext): void {
  thermostat(link({ clientId: 'thermostat' })).subscribe()
  publish('                 --a---b-----', { a: question, b: { ...question, payload: 'cold?' } })
  expectPublished('answer').toBe('----a---b---', { a: '21.5', b: { payload: 'what?', correlationData: '1' } })
  expectSubscribed('ask').toBe('  ^-----------')
  expectTimers('                 --|').toBe(1)
  expectTimers('                 -----|').toBe(0)
}

describe('a marble test', () => {
  it('works by itself', marbles(asks))

  const rxjsMarbles = configure({
    run: true,
    frameworkMatcher: true,
    assertDeepEqual: (actual, expected) => expect(actual).toEqual(expected),
  })
  it(
    'works in rxjs-marbles',
    rxjsMarbles.marbles((m) => {
      asks(withBroker(m))
      m.expect(m.hot('-a')).toBeObservable('-a')
    }),
  )

  it('works in a TestScheduler of its own', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(() => asks(withBroker(scheduler)))
  })

  it(
    'plays a life of the connection',
    marbles(({ broker, link, publish, expectPublished, expectObservable, expectSubscribed }) => {
      const device = link({ clientId: 'thermostat', clean: false, sessionExpiry: 60 })
      thermostat(device).subscribe()
      broker.play('--x----r--')
      publish('    -----a----', { a: question })
      expectSubscribed('ask').toBe('^---------')
      expectPublished('answer').toBe('---------a', { a: { payload: '21.5', clientId: 'thermostat' } })
      const status$ = device.state$.pipe(map(({ status }) => status[0]))
      expectObservable(status$, '^!').toBe('(co)')
      expectObservable(status$, '--------^-!').toBe('--------o')
    }),
  )

  it(
    'publishes and expects text, JSON and bytes',
    marbles(({ broker, publish, expectPublished }) => {
      broker.play('          -o')
      publish(
        '              abc-d',
        {
          a: { payload: { t: 21 }, retain: true },
          b: { payload: Uint8Array.of(0, 255) },
          c: { topic: 'other', payload: ['x'], contentType: 'application/json' },
          d: { qos: 0 },
        },
        'some/topic',
      )
      expectPublished('#').toBe('abc-d-e', {
        a: { topic: 'some/topic', payload: { t: 21 }, retain: true },
        b: { payload: Uint8Array.of(0, 255), qos: 1 },
        c: { topic: 'other', contentType: 'application/json', payload: '["x"]' },
        d: { payload: '', qos: 0 },
        e: 'a',
      })
      publish('      ------a', {}, 'letters')
      expectPublished('letters').toBe('------a')
    }),
  )

  it(
    'sees every time a filter is subscribed, by anybody or by one',
    marbles(({ cold, link, expectSubscribed, expectTimers }) => {
      const [first, second] = ['first', 'second'].map((clientId) => link({ clientId }))
      const listen = (marbles: string, one: Link | undefined): void => {
        const start$ = cold(marbles)
        const messages$ = one?.messages$('a') ?? NEVER
        start$.pipe(switchMap((marble) => (marble === 'a' ? messages$ : EMPTY))).subscribe()
      }
      listen('--a--b--a--b---', first)
      listen('----a-------b--', second)
      expectSubscribed('a').toBe(['--^--!', '----^-------!', '--------^--!'])
      expectSubscribed('a', { clientId: 'first' }).toBe(['--^--!', '--------^--!'])
      expectSubscribed('b').toBe([])
      expectTimers('------|').toBe(0)
    }),
  )

  it(
    'makes requests of a hot stream, for serve',
    marbles(({ hot, link, toRequests, expectObservable, expectPublished }) => {
      const asked = endpoint({ topic: 'ask', request: text, response: text })
      const device = link({ clientId: 'device' })
      const parts = { payload: 'warm?', responseTopic: 'answer' }
      const message$ = hot('        --a-b-c', {
        a: { ...parts, correlationData: '1' },
        b: { ...parts, correlationData: '2', topic: 'other' },
        c: { ...parts, correlationData: '3' },
      })
      const record$ = message$.pipe(
        toRequests(device, asked),
        serve(({ value }) => of(value).pipe(delay(1, device.scheduler))),
      )
      expectObservable(record$).toBe('---r---r', { r: like({ outcome: 'answered' }) })
      expectPublished('answer').toBe('---x---y', { x: { correlationData: '1' }, y: { correlationData: '3' } })
    }),
  )

  it('needs to know the topic where the endpoint has several', () => {
    const rooms = endpoint({ topic: 'rooms/{room}', request: text, response: text })
    const test = marbles(({ hot, link, toRequests, expectObservable }) => {
      expectObservable(hot('-a').pipe(toRequests(link(), rooms))).toBe(
        '-#',
        {},
        like({ code: 'invalid-argument' }),
      )
    })
    expect(test).not.toThrow()
  })

  it(
    'reads payloads by a codec',
    marbles(({ publish, expectPublished }) => {
      const tenths: PayloadReader = {
        decode: (payload) =>
          payload.length === 1
            ? right({ celsius: (payload[0] ?? 0) / 10 })
            : decodeFailure('application/x-tenths', 'not one byte'),
      }
      publish(
        '                           ab',
        { a: { payload: Uint8Array.of(215) }, b: { payload: 'warm' } },
        't',
      )
      expectPublished('t', { codec: tenths }).toBe('ab', {
        a: { payload: { celsius: 21.5 } },
        b: { payload: 'warm' },
      })
      expectPublished('t').toBe('ab', { a: { payload: Uint8Array.of(215) }, b: 'warm' })
    }),
  )

  it(
    'ends though a link would try for ever to come back',
    marbles(
      ({ broker, link, expectObservable }) => {
        broker.down()
        expectObservable(link().incidents$).toBe('')
        link().state$.subscribe()
      },
      { horizon: 1_000 },
    ),
  )
})
