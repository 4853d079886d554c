import { endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { announceService$, discover$, serviceStats$, type ServiceOptions } from '@antiphon/core/discovery'
import { discoveryEndpoints } from '../../src/discovery/protocol.js'
import { NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, textOf, type PublishedMessage } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const weather: ServiceOptions = {
  name: 'weather',
  version: '1.0.0',
  instanceId: 'a',
  endpoints: [{ endpoint: echo }],
}

/** Returns the verbs of the queries among published messages. */
const verbsOf = (published: readonly PublishedMessage[]): readonly (string | undefined)[] =>
  published.map(({ message }) => message.topic.split('/')[1])

describe('discover$', () => {
  it('requests the details of all services once, also when the session was lost', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      const sent = publishedBy(world, 'tool')
      observe(world, discover$(link('tool'), { period: 60_000 }))
      advance(3_000)
      broker.restart({ sessions: 'lose' })
      advance(10_000)
      expect(verbsOf(sent)).toEqual(['info'])
    })
  })

  it('requests no details of a service that it knows', () => {
    inWorld((world) => {
      const { link, advance } = world
      announceService$(link('service'), weather).subscribe()
      advance(50)
      const sent = publishedBy(world, 'tool')
      observe(world, discover$(link('tool'), { period: 1_000 }))
      advance(5_000)
      expect(verbsOf(sent)).toEqual(['info', 'ping', 'ping', 'ping'])
    })
  })

  it('requests the details of a service again when the last request for them has failed', () => {
    inWorld((world) => {
      const { link, advance } = world
      const { all, byInstance } = discoveryEndpoints('services')
      const ping = { name: 'weather', version: '1.0.0', instanceId: 'a' }
      let infos = 0
      requests$(link('service'), all)
        .pipe(serve(({ params }) => (params['verb'] === 'ping' ? of(ping) : NEVER)))
        .subscribe()
      requests$(link('details'), byInstance, { params: { name: 'weather', instanceId: 'a' } })
        .pipe(serve(() => (infos++ === 0 ? NEVER : of({ ...ping, endpoints: [] }))))
        .subscribe()
      advance(50)
      const sent = publishedBy(world, 'tool')
      const { values } = observe(world, discover$(link('tool'), { period: 1_000, timeout: 2_500 }))
      advance(12_000)
      expect(verbsOf(sent).slice(0, 6)).toEqual(['info', 'ping', 'info', 'ping', 'ping', 'info'])
      expect(infos).toBe(2)
      expect(values).toEqual([{ kind: 'found', service: { ...ping, endpoints: [] } }])
    })
  })

  it('keeps a service whose response to PING was lost with the connection', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      announceService$(link('service'), weather).subscribe()
      advance(50)
      const sent = publishedBy(world, 'tool')
      const tool = link('tool', { reconnect: { initial: 3_000, maximum: 3_000 } })
      const { values } = observe(world, discover$(tool, { period: 1_000, missed: 1, timeout: 500 }))
      while (sent.length < 2) advance(1)
      broker.disconnect('tool')
      advance(2_000)
      expect(verbsOf(sent)).toEqual(['info', 'ping'])
      expect(values).toHaveLength(1)
    })
  })

  it('counts only PINGs that are missed in a row', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      announceService$(
        link('service', { reconnect: { initial: 1_000, maximum: 1_000 } }),
        weather,
      ).subscribe()
      advance(50)
      const { values } = observe(world, discover$(link('tool'), { period: 2_000, missed: 2 }))
      for (let round = 0; round < 4; round += 1) {
        advance(1_900)
        broker.disconnect('service')
        advance(5_000)
      }
      expect(values).toHaveLength(1)
    })
  })
})

describe('the counts of a service', () => {
  it('leave out requests that its link sends, and requests that were cancelled', () => {
    inWorld((world) => {
      const { link, advance } = world
      const server = link('server')
      announceService$(server, weather).subscribe()
      requests$(server, echo)
        .pipe(serve(({ value }) => (value === 'endless' ? NEVER : of(value))))
        .subscribe()
      advance(50)
      exchange$(server, echo, 'own').subscribe()
      advance(50)
      const cancelled = exchange$(link('client'), echo, 'endless').subscribe()
      // The acceptance says where the cancel goes.
      advance(2_000)
      cancelled.unsubscribe()
      advance(50)
      const { values } = observe(world, serviceStats$(link('tool')))
      advance(3_000)
      expect(values).toStrictEqual([
        {
          name: 'weather',
          instanceId: 'a',
          version: '1.0.0',
          startedAt: 0,
          endpoints: [
            {
              name: 'echo',
              requests: 2,
              errors: 0,
              processing: expect.objectContaining({ count: 2 }) as object,
            },
          ],
        },
      ])
    })
  })
})

describe('announceService$', () => {
  it('announces a service once, when all its subscriptions are open, and again after a lost session', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      const sent = publishedBy(world, 'service')
      announceService$(link('service'), weather).subscribe()
      advance(500)
      const texts = sent.map(({ message }) => JSON.parse(textOf(message)) as unknown)
      expect(texts).toStrictEqual([
        {
          kind: 'started',
          name: 'weather',
          instanceId: 'a',
          version: '1.0.0',
          endpoints: [
            {
              name: 'echo',
              topic: 'echo',
              responses: 'one',
              requestTypes: ['text/plain'],
              responseTypes: ['text/plain'],
            },
          ],
        },
      ])
      broker.restart({ sessions: 'lose' })
      advance(10_000)
      expect(sent.length).toBeGreaterThan(1)
    })
  })
})
