import { endpoint, serve, text, type Link } from '@antiphon/core'
import { decodeFailure } from '@antiphon/core/codec'
import { right } from 'fp-ts/lib/Either.js'
import { delay, EMPTY, map, NEVER, of, switchMap } from 'rxjs'
import { configure } from 'rxjs-marbles'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { like, marbles, withBroker, type BrokerContext, type PayloadReader } from '../../src/index.js'
import { thermostat } from './thermostat.js'

const request = { topic: 'get', payload: 'warm?', responseTopic: 'result', correlationData: '1' }

/** One test for all ways to set up a broker context. */
function thermostatTest({
  link,
  publish,
  expectPublished,
  expectSubscribed,
  expectTimers,
}: BrokerContext): void {
  thermostat(link({ clientId: 'thermostat' })).subscribe()
  publish('                 --a---b-----', { a: request, b: { ...request, payload: 'cold?' } })
  expectPublished('result').toBe('----a---b---', { a: '21.5', b: { payload: 'what?', correlationData: '1' } })
  expectSubscribed('get').toBe('  ^-----------')
  expectTimers('                 --|').toBe(1)
  expectTimers('                 -----|').toBe(0)
}

describe('marble tests', () => {
  it('runs a marble test with marbles', marbles(thermostatTest))

  const rxjsMarbles = configure({
    run: true,
    frameworkMatcher: true,
    assertDeepEqual: (actual, expected) => expect(actual).toEqual(expected),
  })
  it(
    'runs a marble test in rxjs-marbles with withBroker',
    rxjsMarbles.marbles((m) => {
      thermostatTest(withBroker(m))
      m.expect(m.hot('-a')).toBeObservable('-a')
    }),
  )

  it('runs a marble test in a TestScheduler with withBroker', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(() => thermostatTest(withBroker(scheduler)))
  })

  it(
    'plays a fault script in a marble test',
    marbles(({ broker, link, publish, expectPublished, expectObservable, expectSubscribed }) => {
      const device = link({ clientId: 'thermostat', clean: false, sessionExpiryInterval: 60 })
      thermostat(device).subscribe()
      broker.play('--x----r--')
      publish('    -----a----', { a: request })
      expectSubscribed('get').toBe('^---------')
      expectPublished('result').toBe('---------a', { a: { payload: '21.5', clientId: 'thermostat' } })
      const status$ = device.state$.pipe(map(({ status }) => status[0]))
      expectObservable(status$, '^!').toBe('(co)')
      expectObservable(status$, '--------^-!').toBe('--------o')
    }),
  )

  it(
    'publishes and expects payloads of text, JSON and bytes',
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
    'expects the subscriptions to a filter of every client or of one',
    marbles(({ cold, link, expectSubscribed, expectTimers }) => {
      const [first, second] = ['first', 'second'].map((clientId) => link({ clientId }))
      const toggleSubscription = (marbles: string, one: Link | undefined): void => {
        const start$ = cold(marbles)
        const messages$ = one?.messages$('a') ?? NEVER
        start$.pipe(switchMap((marble) => (marble === 'a' ? messages$ : EMPTY))).subscribe()
      }
      toggleSubscription('--a--b--a--b---', first)
      toggleSubscription('----a-------b--', second)
      expectSubscribed('a').toBe(['--^--!', '----^-------!', '--------^--!'])
      expectSubscribed('a', { clientId: 'first' }).toBe(['--^--!', '--------^--!'])
      expectSubscribed('b').toBe([])
      expectTimers('------|').toBe(0)
    }),
  )

  it(
    'turns a hot stream into requests for serve',
    marbles(({ hot, link, toRequests, expectObservable, expectPublished }) => {
      const requested = endpoint({ topic: 'get', request: text, response: text })
      const device = link({ clientId: 'device' })
      const parts = { payload: 'warm?', responseTopic: 'result' }
      const message$ = hot('        --a-b-c', {
        a: { ...parts, correlationData: '1' },
        b: { ...parts, correlationData: '2', topic: 'other' },
        c: { ...parts, correlationData: '3' },
      })
      const record$ = message$.pipe(
        toRequests(device, requested),
        serve(({ value }) => of(value).pipe(delay(1, device.scheduler))),
      )
      expectObservable(record$).toBe('---r---r', { r: like({ outcome: 'responded' }) })
      expectPublished('result').toBe('---x---y', { x: { correlationData: '1' }, y: { correlationData: '3' } })
    }),
  )

  it('rejects a message without a topic for an endpoint with topic parameters', () => {
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
    'compares payloads by a codec',
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
    'ends a marble test at maxTime while a link keeps reconnecting',
    marbles(
      ({ broker, link, expectObservable }) => {
        broker.down()
        expectObservable(link().incidents$).toBe('')
        link().state$.subscribe()
      },
      { maxTime: 1_000 },
    ),
  )
})
