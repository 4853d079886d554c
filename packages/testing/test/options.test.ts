import { like, marbles, virtualBroker, withBroker } from '@antiphon/testing'
import { VirtualTimeScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'

const scheduler = new VirtualTimeScheduler()
const broker = virtualBroker({ scheduler })

function inMarbles(body: Parameters<typeof marbles>[0]): void {
  marbles(body)()
}

describe('invalid options', () => {
  it.each<[fault: string, call: (options: never) => unknown, options: unknown]>([
    ['options.scheduler is missing', virtualBroker, {}],
    ['options.latncy is not known: did you mean latency?', virtualBroker, { scheduler, latncy: 5 }],
    ['options.latency is "5": it must be an object', virtualBroker, { scheduler, latency: '5' }],
    ['options.latency.upp is not known: did you mean up?', virtualBroker, { scheduler, latency: { upp: 5 } }],
    [
      'options.limits.maximumQos is not known: did you mean',
      virtualBroker,
      { scheduler, limits: { maximumQos: 1 } },
    ],
    ['options.overlap is "all": it must be once or each', virtualBroker, { scheduler, overlap: 'all' }],
    ['options.seed is "1": it must be a number', virtualBroker, { scheduler, seed: '1' }],
    ['options.clientID is not known: did you mean clientId?', broker.link, { clientID: 'a' }],
    ['options.closeTimeout is "5": it must be a number', broker.link, { closeTimeout: '5' }],
    ['options.reconnect.initial is "5": it must be a number', broker.link, { reconnect: { initial: '5' } }],
    ['options.clientID is not known: did you mean clientId?', broker.transport, { clientID: 'a' }],
    ['options.protocolVersion is 3: it must be 4 or 5', broker.transport, { protocolVersion: 3 }],
    ['options.session is not known: did you mean sessions?', broker.down, { session: 'lose' }],
    ['options.sessions is "drop": it must be keep or lose', broker.restart, { sessions: 'drop' }],
    [
      'options.maxtime is not known: did you mean maxTime?',
      (options) => marbles(() => undefined, options),
      { maxtime: 5 },
    ],
    [
      'options.maxTime is "5": it must be a number',
      (options) => marbles(() => undefined, options),
      { maxTime: '5' },
    ],
    [
      'options.latncy is not known',
      (options) => withBroker(new TestScheduler(() => undefined), options),
      { latncy: 5 },
    ],
  ])('are rejected: %s', (fault, call, options) => {
    expect(() => call(options as never)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        rawMessage: expect.stringContaining(fault) as string,
      }),
    )
  })

  it('are rejected in the expectations and links of a marble test', () => {
    const known = /options\.clientID is not known: did you mean clientId\?/
    const misspelt = { clientID: 'a' } as object
    inMarbles(({ link, expectPublished, expectSubscribed }) => {
      expect(() => link(misspelt)).toThrow(known)
      expect(() => expectPublished('#', misspelt)).toThrow(/choice\.clientID is not known/)
      expect(() => expectSubscribed('#', misspelt)).toThrow(/choice\.clientID is not known/)
    })
  })
})

describe('invalid faults', () => {
  it.each<[fault: string, value: object]>([
    ['fault.kind is dorp: it must be drop, duplicate', { kind: 'dorp' }],
    ['fault.kind is undefined: it must be drop', {}],
    ['fault.probabilty is not known: did you mean probability?', { kind: 'drop', probabilty: 0.5 }],
    ['fault.probability is 2: it must be a number from 0 to 1', { kind: 'drop', probability: 2 }],
    ['fault.times is "2": it must be a whole number from 1', { kind: 'drop', times: '2' }],
    ['fault.direction is "up": it must be to-client or from-client', { kind: 'drop', direction: 'up' }],
    ['fault.packets is "publish": it must be an array of packet types', { kind: 'drop', packets: 'publish' }],
    [
      'fault.packets is an array of 1: it must be an array of packet types: connect',
      { kind: 'drop', packets: ['pub'] },
    ],
    ['fault.by is missing', { kind: 'delay' }],
    ['fault.by is "10": it must be a number from 0', { kind: 'slow', by: '10' }],
    ['fault.clientID is not known: did you mean clientId?', { kind: 'cut', clientID: 'a' }],
    ['fault.session is "loose": it must be keep or lose', { kind: 'cut', session: 'loose' }],
    ['fault.session is not known: did you mean sessions?', { kind: 'restart', session: 'lose' }],
    ['fault.reasonCode is missing', { kind: 'refuse-connect' }],
    ['fault.filter is missing', { kind: 'refuse-publish', reasonCode: 0x87 }],
  ])('are rejected by inject and play: %s', (text, fault) => {
    const error: unknown = expect.objectContaining({
      code: 'invalid-argument',
      rawMessage: expect.stringContaining(text) as string,
    })
    expect(() => broker.inject(fault as never)).toThrow(error)
    expect(() => broker.play([{ at: 5, fault: fault as never }])).toThrow(error)
    expect(() => broker.play('-z', { values: { z: fault as never } })).toThrow(error)
  })
})

describe('play', () => {
  it('rejects a misspelt option', () => {
    expect(() => broker.play('x', { clientID: 'a' } as object)).toThrow(
      /options\.clientID is not known: did you mean clientId\?/,
    )
  })

  it.each(['x', '--x--r', '  x 1s r'])('rejects a client that is never made in the script %j', (script) => {
    const test = marbles(({ broker, link }) => {
      link({ clientId: 'thermostat' }).state$.subscribe()
      broker.play(script, { clientId: 'thermostad' })
    })
    expect(test).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        rawMessage:
          'cannot play a fault of client thermostad: the broker has no such client, only thermostat',
      }),
    )
  })

  it('rejects the client of a single fault that is never made', () => {
    const test = marbles(({ broker }) => {
      broker.play([{ at: 1, fault: { kind: 'cut', clientId: 'a' } }])
    })
    expect(test).toThrow(/client a: the broker has no such client, only none/)
  })

  it(
    'accepts a client that is made before the script ends',
    marbles(({ broker, link, cold, expectObservable }) => {
      broker.play('x---r', { clientId: 'late' })
      cold('--a').subscribe(() => link({ clientId: 'late' }).state$.subscribe())
      expectObservable(cold('a', { a: { status: 'fine', more: 1 } })).toBe('a', {
        a: like({ status: 'fine' }),
      })
    }),
  )
})
