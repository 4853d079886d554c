import { endpoint, exchange$, requests$, responseSubscription$, serve, text } from '@antiphon/core'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe } from './observed.js'
import { inWorld, type World } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const perCar = endpoint({ topic: 'req/{car}', responseTopic: 'res/{car}', request: text, response: text })

/** Records the filters that the requester subscribes to and unsubscribes from. */
function packetsOf({ broker }: World): readonly string[] {
  const packets: string[] = []
  broker.subscriptions$.subscribe(({ kind, clientId, filter }) => {
    if (clientId === 'requester') packets.push(`${kind} ${filter}`)
  })
  return packets
}

describe('responseSubscription$', () => {
  it('emits when the broker has acknowledged the default response topic, which requests then share', () => {
    inWorld((world) => {
      requests$(world.link('server'), echo)
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      const packets = packetsOf(world)
      const link = world.link('requester')
      const kept = observe(world, responseSubscription$(link, echo))
      world.advance(50)
      expect(kept.values).toHaveLength(1)
      const start = world.scheduler.now()
      const call = observe(world, exchange$(link, echo, 'x'))
      world.advance(50)
      // Four packets; no SUBSCRIBE and SUBACK before them.
      expect([call.values, (call.at[0] ?? NaN) - start]).toEqual([['x'], 4])
      expect(packets).toEqual(['subscribed response/requester'])
      expect(kept.ending()).toBeUndefined()
    })
  })

  it('keeps the subscription while it is subscribed, and 30 s longer', () => {
    inWorld((world) => {
      const packets = packetsOf(world)
      const kept = observe(world, responseSubscription$(world.link('requester'), echo))
      world.advance(60_000)
      kept.unsubscribe()
      world.advance(29_000)
      expect(packets).toEqual(['subscribed response/requester'])
      world.advance(2_000)
      expect(packets).toEqual(['subscribed response/requester', 'unsubscribed response/requester'])
    })
  })

  it.each([
    ['the parameters of the endpoint', perCar, { params: { car: 'c1' } }, 'res/c1'],
    ['responseTopic', echo, { responseTopic: 'pool/1' }, 'pool/1'],
  ] as const)('subscribes to the response topic of %s', (_, target, options, filter) => {
    inWorld((world) => {
      const packets = packetsOf(world)
      observe(world, responseSubscription$(world.link('requester'), target as typeof echo, options as object))
      world.advance(50)
      expect(packets).toEqual([`subscribed ${filter}`])
    })
  })

  it('subscribes at once if the link is online', () => {
    inWorld((world) => {
      const link = world.link('requester')
      observe(world, responseSubscription$(link, echo))
      world.advance(50)
      const packets = packetsOf(world)
      const kept = observe(world, responseSubscription$(link, echo, { responseTopic: 'pool/1' }))
      world.advance(50)
      expect([packets, kept.values.length]).toEqual([['subscribed pool/1'], 1])
    })
  })

  it('emits again after a lost session', () => {
    inWorld((world) => {
      const link = world.link('requester', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
      const kept = observe(world, responseSubscription$(link, echo))
      world.advance(50)
      world.broker.disconnect('requester', { session: 'lose' })
      world.advance(500)
      expect(kept.values).toHaveLength(2)
    })
  })

  it('fails if the broker refuses the subscription', () => {
    inWorld((world) => {
      world.broker.refuseSubscribe('response/requester', 0x87)
      const kept = observe(world, responseSubscription$(world.link('requester'), echo))
      world.advance(50)
      expect(kept.ending()).toMatchObject({ code: 'subscribe-refused' })
    })
  })

  it('fails if the broker refuses the connection for good', () => {
    inWorld((world) => {
      world.broker.refuseConnect(0x87)
      const kept = observe(world, responseSubscription$(world.link('requester'), echo))
      world.advance(50)
      expect(kept.ending()).toMatchObject({ code: 'link-closed', cause: { code: 'connection-refused' } })
    })
  })

  it.each([0, 50])('completes when the link is closed after %i ms', (milliseconds) => {
    inWorld((world) => {
      const link = world.link('requester')
      const kept = observe(world, responseSubscription$(link, echo))
      world.advance(milliseconds)
      void link.close()
      world.advance(50)
      expect(kept.ending()).toBe('complete')
      expect(observe(world, responseSubscription$(link, echo)).ending()).toBe('complete')
    })
  })

  it.each([
    ['a shared subscription', { responseTopic: '$share/g/a' }, 'it must not be a shared subscription'],
    [
      'a responseTopic that is no string',
      { responseTopic: 5 },
      'options.responseTopic is 5: it must be a string',
    ],
    ['a misspelt option', { param: {} }, 'options.param is not known: did you mean params?'],
  ])('throws on %s', (_, options, message) => {
    inWorld((world) => {
      expect(() => responseSubscription$(world.link('requester'), echo, options as never)).toThrow(message)
    })
  })

  it('throws on responseTopic if the endpoint has its own', () => {
    inWorld((world) => {
      const options = { params: { car: 'c1' }, responseTopic: 'elsewhere' }
      expect(() => responseSubscription$(world.link('requester'), perCar, options)).toThrow(
        'options.responseTopic is set, but req/{car} has its own: remove it',
      )
    })
  })
})
