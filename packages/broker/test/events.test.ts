import { AntiphonError } from '@antiphon/core'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { toBroker } from '../src/broker.js'
import { createEngine } from '../src/engine/engine.js'
import { EventSubject } from '../src/event-subject.js'
import { eventLevel } from '../src/index.js'
import type { BrokerEvent } from '../src/index.js'
import { resolveOptions } from '../src/options.js'
import { makeWorld } from './world.js'

const error = new AntiphonError('overflow', 'x')

describe('eventLevel', () => {
  it.each<[string, BrokerEvent]>([
    ['error', { type: 'storage-failed', error }],
    ['error', { type: 'listener-failed', url: 'u', error }],
    ['error', { type: 'hook-failed', hook: 'authenticate', clientId: 'a', error }],
    ['warn', { type: 'refused', remoteAddress: 'r', clientId: '', reasonCode: 0x87, reason: '' }],
    ['warn', { type: 'dropped', clientId: 'a', topic: 't', loss: 'expired' }],
    ['warn', { type: 'session-ended', clientId: 'a', limit: 'sessions' }],
    ['debug', { type: 'session-ended', clientId: 'a' }],
    ['warn', { type: 'subscribed', clientId: 'a', filter: 't', reasonCode: 0x87 }],
    ['debug', { type: 'subscribed', clientId: 'a', filter: 't', reasonCode: 1 }],
    ['info', { type: 'listening', url: 'u' }],
    ['debug', { type: 'session-started', clientId: 'a' }],
  ])('returns %s for %j', (level, event) => {
    expect(eventLevel(event)).toBe(level)
  })
})

describe('eventsFrom$', () => {
  it('emits the events of a level and above', () => {
    const world = makeWorld({ authority: { authorizePublish: () => ({ refuse: 0x87 }) } })
    const types = (level: 'error' | 'warn' | 'info' | 'debug'): string[] => {
      const seen: string[] = []
      world.broker.eventsFrom$(level).subscribe(({ type }) => seen.push(type))
      return seen
    }
    const all = { error: types('error'), warn: types('warn'), info: types('info'), debug: types('debug') }
    const client = world.join('a')
    client.send({ cmd: 'publish', topic: 't', payload: '', qos: 0 })
    expect(all).toEqual({
      error: [],
      warn: ['published'],
      info: ['connected', 'published'],
      debug: ['session-started', 'connected', 'published'],
    })
  })

  it('completes when the broker is closed', async () => {
    const world = makeWorld()
    let completed = 0
    world.broker.eventsFrom$('warn').subscribe({ complete: () => completed++ })
    world.broker.eventsFrom$('debug').subscribe({ complete: () => completed++ })
    const closed = world.broker.close()
    await world.settle()
    await closed
    expect(completed).toBe(2)
  })

  it('lets the broker create no event for routed messages unless an observer receives them', () => {
    const events = new EventSubject()
    const warnings: BrokerEvent[] = []
    events.from$('warn').subscribe((event) => warnings.push(event))
    const engine = createEngine(resolveOptions({ scheduler: new VirtualTimeScheduler() }), events)
    const post = vi.spyOn(engine.notifications, 'post')
    const publish = (topic: string): void =>
      void toBroker(engine, events).publish$({ topic, payload: new Uint8Array() }).subscribe()
    publish('t')
    expect(post).not.toHaveBeenCalled()
    const all = events.subscribe()
    publish('t')
    expect(post).toHaveBeenCalledOnce()
    all.unsubscribe()
    publish('t')
    expect(post).toHaveBeenCalledOnce()
    expect(warnings).toEqual([])
  })
})
