import { endpoint, requests$, requesterStats, serve, text, type Handler, type Link } from '@antiphon/core'
import { deliveryStates$, type DeliveryOptions } from '@antiphon/core/delivery'
import type { LinkOptions } from '@antiphon/core/link'
import { marbles, type VirtualClientOptions } from '@antiphon/testing'
import { delay, NEVER, Observable, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, type Observed } from '../observed.js'
import { announce } from '../presence/members-world.js'
import { inWorld, type World } from '../world.js'

const contract = { topic: 'cars/{car}/unlock', request: text, response: text } as const
const unlock = endpoint(contract)
type UnlockTypes = NonNullable<(typeof unlock)['types']>

const persistent = {
  clean: false,
  sessionExpiryInterval: 3_600,
  reconnect: { initial: 5_000, maximum: 5_000, jitter: 0 },
} satisfies VirtualClientOptions & LinkOptions

/** Starts a device that is announced, and returns its link. */
function startDevice(world: World, handler: Handler<UnlockTypes>): Link {
  const { link } = announce(world, 'car', {}, persistent)
  observe(world, requests$(link, unlock, { params: { car: 'car' } }).pipe(serve(handler)))
  world.advance(50)
  return link
}

/** Sends a command and returns its states as texts. */
function command(world: World, options: Partial<DeliveryOptions> = {}): Observed<string> {
  const states$ = deliveryStates$(
    world.link('requester'),
    unlock,
    { params: { car: 'car' }, value: 'open' },
    { timeout: 60_000, device: 'car', ...options },
  )
  return observe(world, states$.pipe(textOfState))
}

const textOfState = (states$: ReturnType<typeof deliveryStates$<UnlockTypes>>) =>
  new Observable<string>((subscriber) =>
    states$.subscribe({
      next: (state) => {
        if (state.status === 'queued') subscriber.next(`queued ${state.isOnline ?? 'unknown'}`)
        else if (state.status === 'responded') subscriber.next(`responded ${state.value}`)
        else if (state.status === 'expired') subscriber.next(`expired ${state.error.code}`)
        else subscriber.next(state.status)
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  )

describe('deliveryStates$', () => {
  it('emits queued, delivered and responded for a device that is online', () => {
    inWorld((world) => {
      startDevice(world, () => of('open').pipe(delay(500)))
      const states = command(world)
      world.advance(1_000)
      expect([...new Set(states.values.filter((state) => state !== 'queued unknown'))]).toEqual([
        'queued true',
        'delivered',
        'responded open',
      ])
      expect(states.values[0]).toBe('queued unknown')
      expect(states.ending()).toBe('complete')
    })
  })

  it('skips delivered if the device responds within 100 ms', () => {
    inWorld((world) => {
      startDevice(world, () => of('open'))
      const states = command(world, { device: undefined } as never)
      world.advance(1_000)
      expect(states.values).toEqual(['queued unknown', 'responded open'])
    })
  })

  it('keeps a command for a device that is offline, and follows its presence', () => {
    inWorld((world) => {
      startDevice(world, () => of('open').pipe(delay(200)))
      world.broker.disconnect('car')
      world.advance(50)
      const states = command(world)
      world.advance(3_000)
      expect(states.values.at(-1)).toBe('queued false')
      world.advance(5_000)
      expect(states.values.slice(states.values.indexOf('queued false'))).toEqual([
        'queued false',
        'queued true',
        'delivered',
        'responded open',
      ])
    })
  })

  it('expires a command that the device has not received, which the broker then drops', () => {
    inWorld((world) => {
      let handled = 0
      startDevice(world, () => {
        handled += 1
        return of('open')
      })
      world.broker.disconnect('car')
      world.advance(50)
      const states = command(world, { timeout: 2_000 })
      world.advance(3_000)
      expect(states.values.slice(-2)).toEqual(['queued false', 'expired timeout'])
      expect(states.ending()).toBe('complete')
      world.advance(5_000)
      expect(handled).toBe(0)
    })
  })

  it('expires a command that the device has received, and cancels it there', () => {
    inWorld((world) => {
      startDevice(world, () => NEVER)
      const published = publishedBy(world, 'requester')
      const states = command(world, { timeout: 2_000 })
      world.advance(3_000)
      expect(states.values.slice(-2)).toEqual(['delivered', 'expired timeout'])
      expect(published.at(-1)?.message.topic).toBe('control/car')
    })
  })

  it('expires a command that could not be sent in time', () => {
    inWorld((world) => {
      world.broker.down()
      const states = command(world, { timeout: 2_000 })
      world.advance(3_000)
      expect([states.values, states.ending()]).toEqual([['expired timeout'], 'complete'])
    })
  })

  it('emits queued and delivered once for a command that is retried', () => {
    inWorld((world) => {
      startDevice(world, () => of('open').pipe(delay(2_500)))
      const states = command(world, { device: undefined, timeout: 5_000, retry: { count: 4 } } as never)
      world.advance(5_000)
      expect(states.values).toEqual(['queued unknown', 'delivered', 'responded open'])
    })
  })

  it('does not go back to queued when the device goes after it has the command, or the command is sent again', () => {
    inWorld((world) => {
      startDevice(world, () => NEVER)
      const states = command(world)
      world.advance(500)
      expect(states.values.at(-1)).toBe('delivered')
      world.broker.disconnect('car')
      world.advance(500)
      expect(states.values.at(-1)).toBe('delivered')
      states.unsubscribe()
      world.advance(10_000)
      const local = endpoint({ ...contract, cancel: 'local' })
      const link = world.link('other')
      const request = { params: { car: 'car' }, value: '' }
      const options = { timeout: 5_000, retry: { count: 4 } }
      const retried = observe(world, deliveryStates$(link, local, request, options))
      world.advance(4_500)
      expect(requesterStats(link, local).retried).toBe(4)
      expect(retried.values).toEqual([{ status: 'queued' }])
    })
  })

  it('fails with no-responder if the broker knows no session for the command, unless failFast is off', () => {
    inWorld((world) => {
      const failed = command(world)
      world.advance(100)
      expect([failed.values, failed.ending()]).toMatchObject([[], { code: 'no-responder' }])
      const waiting = command(world, { failFast: false, timeout: 2_000 })
      world.advance(3_000)
      expect(waiting.values).toEqual(['expired timeout'])
    })
  })

  it('fails when the device reports a failure', () => {
    inWorld((world) => {
      startDevice(world, () => throwError(() => new Error('no')))
      const states = command(world)
      world.advance(100)
      expect(states.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
    })
  })

  it('fails when the presence of the device cannot be followed, and cancels the command', () => {
    inWorld((world) => {
      startDevice(world, () => NEVER)
      world.broker.refuseSubscribe('site/presence/+', 0x87)
      const link = world.link('requester')
      const options = { timeout: 60_000, device: 'car', presencePrefix: 'site/presence' }
      const states = observe(
        world,
        deliveryStates$(link, unlock, { params: { car: 'car' }, value: 'open' }, options),
      )
      world.advance(500)
      expect(states.ending()).toMatchObject({ code: 'subscribe-refused', topic: 'site/presence/+' })
      expect(requesterStats(link, unlock)).toMatchObject({ pending: 0, cancelled: 1 })
    })
  })

  it('cancels the command when it is unsubscribed', () => {
    inWorld((world) => {
      startDevice(world, () => NEVER)
      const published = publishedBy(world, 'requester')
      const states = command(world)
      world.advance(500)
      states.unsubscribe()
      world.advance(10)
      expect(published.filter(({ message }) => message.topic === 'control/car')).toHaveLength(1)
    })
  })

  it(
    'leaves only the timer of the shared response subscription',
    marbles(
      ({ link, expectObservable, expectTimers }) => {
        const device = link({ clientId: 'car' })
        requests$(device, unlock)
          .pipe(serve(() => of('open')))
          .subscribe()
        const request = { params: { car: 'car' }, value: '' }
        const sent$ = deliveryStates$(link({ clientId: 'requester' }), unlock, request, { timeout: 1_000 })
        expectObservable(sent$).toBe('------q-(r|)', {
          q: { status: 'queued' },
          r: { status: 'responded', value: 'open' },
        })
        expectTimers('--------------------|').toBe(1)
      },
      { latency: 1 },
    ),
  )

  it('throws for a command whose value does not encode, as an error of the stream', () => {
    inWorld((world) => {
      const states = observe(
        world,
        deliveryStates$(
          world.link('a'),
          unlock,
          { params: { car: 'x' }, value: '\ud800' },
          { timeout: 1_000, device: 'x' },
        ),
      )
      expect(states.ending()).toMatchObject({ code: 'encode' })
    })
  })

  it.each<[options: object, message: RegExp]>([
    [{}, /options.timeout is missing: set how long the command is valid/],
    [{ timeout: 1_000, qos: 0 }, /options.qos is 0: it must be 1 or 2/],
    [{ timeout: 1_000, devise: 'x' }, /options.devise is not known: did you mean device\?/],
    [{ timeout: 1_000, presencePrefix: '+' }, /options.presencePrefix is "\+"/],
  ])('throws for the options %o', (options, message) => {
    inWorld((world) => {
      const link = world.link('a')
      const request = { params: { car: 'x' }, value: '' }
      expect(() => deliveryStates$(link, unlock, request, options as DeliveryOptions)).toThrow(message)
    })
  })
})
