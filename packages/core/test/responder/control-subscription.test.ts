import { endpoint, requests$, serve, text, type Delivery, type Incident, type Link } from '@antiphon/core'
import { concat, EMPTY, NEVER, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { controlSubscription, type ControlListener } from '../../src/responder/control-subscription.js'
import { bytesOf, observe, publishedBy, statusOf } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { inWorld } from '../world.js'
import { requestProperties } from './with-responder.js'

const listener: ControlListener = { onControlSettled: () => undefined, receiveControl: () => undefined }

describe('the control subscription of a link', () => {
  it('is one for all listeners of a topic, and another one after the last of them has left', () => {
    const link = synchronousLink(() => undefined)
    const first = controlSubscription(link, 'control')
    first.acquire(listener)
    const other: ControlListener = { ...listener }
    const shared = controlSubscription(link, 'control')
    shared.acquire(other)
    expect([shared === first, link.subscribed()]).toEqual([true, 1])
    first.release(listener)
    expect(controlSubscription(link, 'control')).toBe(first)
    first.release(other)
    const next = controlSubscription(link, 'control')
    next.acquire(listener)
    expect([next === first, link.subscribed(), next.state]).toEqual([false, 2, 'open'])
  })

  it('subscribes with QoS 0 and without retained messages', () => {
    inWorld((world) => {
      const link = world.link('server')
      controlSubscription(link, 'control').acquire(listener)
      link.state$.subscribe()
      world.advance(50)
      expect(world.broker.subscriptions()).toMatchObject([{ filter: 'control', qos: 0, retainHandling: 2 }])
    })
  })

  it('acknowledges a retained message, but passes it to no listener', () => {
    const deliveries$ = new Subject<Delivery>()
    const link: Link = {
      ...synchronousLink(() => undefined),
      subscription$: (filter) =>
        concat(of({ filter, grantedQoS: 0 as const, deliveries$, unsubscribe$: EMPTY }), NEVER),
    }
    const received: string[] = []
    const acknowledged: string[] = []
    controlSubscription(link, 'control').acquire({
      ...listener,
      receiveControl: ({ payload }) => received.push(new TextDecoder().decode(payload)),
    })
    for (const [payload, retain] of [
      ['retained', true],
      ['new', false],
    ] as const) {
      const message = { topic: 'control', payload: bytesOf(payload), qos: 0, retain, dup: false } as const
      deliveries$.next({ message, acknowledge: () => acknowledged.push(payload) })
    }
    expect([received, acknowledged]).toEqual([['new'], ['retained', 'new']])
  })

  it('is refused if the broker refuses it after a lost session', () => {
    inWorld((world) => {
      const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
      const link = world.link('server')
      const responses = publishedBy(world, 'server')
      const incidents: Incident[] = []
      link.incidents$.subscribe((incident) => incidents.push(incident))
      observe(world, requests$(link, many, { controlTopic: 'control' }).pipe(serve(() => NEVER)))
      world.advance(50)
      world.broker.refuseSubscribe('control', 0x87)
      world.broker.disconnect('server', { session: 'lose' })
      world.advance(5_000)
      const userProperties = [
        ['__ctl', '1'],
        ['__credit', '1'],
      ] as const
      world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...requestProperties, userProperties })
      world.advance(50)
      expect(incidents).toMatchObject([{ kind: 'refused', error: { code: 'subscribe-refused' } }])
      expect(responses.map(({ message }) => statusOf(message))).toEqual([400])
    })
  })
})
