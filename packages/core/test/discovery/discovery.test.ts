import type { AntiphonError } from '@antiphon/core'
import {
  endpoint,
  exchange$,
  json,
  payloadField,
  requests$,
  serve,
  text,
  type Incident,
  type Link,
} from '@antiphon/core'
import {
  announceService$,
  discover$,
  pingServices$,
  serviceInfo$,
  serviceStats$,
  type DiscoveryEvent,
  type ServiceOptions,
} from '@antiphon/core/discovery'
import { delay, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo/{room}', request: text, response: text })

const weather: ServiceOptions = {
  name: 'weather',
  version: '1.2.0',
  instanceId: 'a',
  endpoints: [{ endpoint: echo, group: 'workers', schemaDigest: 'sha256:1', metadata: { tier: 1 } }],
}

const weatherInfo = {
  name: 'weather',
  instanceId: 'a',
  version: '1.2.0',
  endpoints: [
    {
      name: 'echo/{room}',
      topic: 'echo/{room}',
      responses: 'one',
      requestTypes: ['text/plain'],
      responseTypes: ['text/plain'],
      group: 'workers',
      schemaDigest: 'sha256:1',
      metadata: { tier: 1 },
    },
  ],
}

/** Announces services, each on a link of its own. */
function announce(world: World, ...services: readonly ServiceOptions[]): readonly Link[] {
  return services.map((service, index) => {
    const link = world.link(`service-${index}`)
    announceService$(link, service).subscribe()
    return link
  })
}

const kindsOf = (events: readonly DiscoveryEvent[]): readonly string[] =>
  events.map((event) => `${event.kind} ${event.service.instanceId}`)

describe.each([[5], [4]] as const)('discovery over MQTT protocol version %i', (protocolVersion) => {
  const inVersion = (test: (world: World) => void): void =>
    inWorld(({ link, ...world }) =>
      test({ ...world, link: (clientId, options) => link(clientId, { protocolVersion, ...options }) }),
    )

  it('queries all services, those of a name, or one instance', () => {
    inVersion((world) => {
      announce(
        world,
        weather,
        { ...weather, instanceId: 'b' },
        { ...weather, name: 'clock', instanceId: 'c' },
      )
      world.advance(50)
      const link = world.link('tool')
      const queries = [{}, { name: 'weather' }, { name: 'weather', instanceId: 'b' }, { name: 'none' }]
      const found = queries.map((options) => observe(world, pingServices$(link, options)))
      world.advance(3_000)
      expect(found.map(({ values }) => values.map(({ instanceId }) => instanceId).sort())).toEqual([
        ['a', 'b', 'c'],
        ['a', 'b'],
        ['b'],
        [],
      ])
      expect(found.map(({ ending }) => ending())).toEqual(Array(4).fill('complete'))
      expect(found[0]?.values[0]).toEqual({ name: 'weather', instanceId: 'a', version: '1.2.0' })
    })
  })

  it('describes the endpoints of a service', () => {
    inVersion((world) => {
      announce(world, { ...weather, description: 'Weather', metadata: { site: 'north' } })
      world.advance(50)
      const info = observe(world, serviceInfo$(world.link('tool')))
      world.advance(3_000)
      expect(info.values).toEqual([{ ...weatherInfo, description: 'Weather', metadata: { site: 'north' } }])
    })
  })

  it('counts requests, errors and processing times', () => {
    inVersion((world) => {
      const { link, advance, scheduler } = world
      const served = endpoint({
        name: 'echo/{room}',
        topic: 'echo/{room}',
        responseTopic: 'echo/{room}/response',
        request: json.unchecked<{ readonly id?: string; readonly text: string }>(),
        response: json.unchecked<{ readonly id?: string }>(),
        correlation: payloadField('id'),
      })
      const [server] = announce(world, weather)
      requests$(server ?? link('none'), served)
        .pipe(
          serve(({ value }) =>
            value.text === 'bad' ? throwError(() => new Error('broken')) : of({}).pipe(delay(30, scheduler)),
          ),
        )
        .subscribe()
      advance(50)
      for (const value of ['x', 'y', 'bad']) {
        exchange$(
          link(`client-${value}`),
          served,
          { params: { room: value }, value: { text: value } },
          { timeout: 500 },
        ).subscribe({
          error: () => undefined,
        })
        advance(600)
      }
      const stats = observe(world, serviceStats$(link('tool')))
      advance(3_000)
      expect(stats.values).toMatchObject([
        {
          name: 'weather',
          startedAt: 0,
          endpoints: [
            {
              name: 'echo/{room}',
              requests: 3,
              errors: 1,
              lastError: { message: 'broken' },
              processing: { count: 3, p50: 32, p99: 32 },
            },
          ],
        },
      ])
    })
  })

  it('reports a service that comes, changes, stops, or falls silent', () => {
    inVersion((world) => {
      const { link, broker, advance } = world
      announce(world, { ...weather, instanceId: 'first' })
      advance(50)
      const { values, ending } = observe(world, discover$(link('tool'), { period: 1_000 }))
      advance(3_000)
      expect(kindsOf(values)).toEqual(['found first'])
      const own = link('own')
      const service = announceService$(own, weather).subscribe()
      advance(100)
      expect(kindsOf(values)).toEqual(['found first', 'found a'])
      expect(values[1]?.service).toEqual(weatherInfo)
      service.unsubscribe()
      advance(100)
      expect(values[2]).toMatchObject({ kind: 'lost', reason: 'stopped' })
      broker.refuseConnect(0x88, 'service-0')
      broker.disconnect('service-0')
      advance(6_000)
      expect(values.slice(3)).toMatchObject([{ kind: 'lost', reason: 'silent' }])
      expect(ending()).toBeUndefined()
    })
  })
})

describe('discover$', () => {
  it('finds a service by PING whose announcement was lost', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      const { values } = observe(world, discover$(link('tool'), { period: 1_000 }))
      advance(600)
      broker.refusePublish('services/announcements', 0x87)
      announce(world, weather)
      advance(5_000)
      expect(kindsOf(values)).toEqual(['found a'])
    })
  })

  it('reports a service that announces other details, and only those of a name', () => {
    inWorld((world) => {
      const { link, advance } = world
      const { values } = observe(world, discover$(link('tool'), { name: 'weather' }))
      const own = link('own')
      const first = announceService$(own, weather).subscribe()
      announce(world, { ...weather, name: 'clock' })
      advance(3_000)
      const second = announceService$(own, { ...weather, version: '2.0.0' }).subscribe()
      advance(100)
      expect(kindsOf(values)).toEqual(['found a', 'changed a'])
      first.unsubscribe()
      second.unsubscribe()
    })
  })

  it('loses no service while the link is offline', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      announce(world, weather)
      const { values } = observe(
        world,
        discover$(link('tool', { reconnect: { initial: 8_000, maximum: 8_000 } }), { period: 500 }),
      )
      advance(2_000)
      broker.disconnect('tool')
      advance(6_000)
      expect(kindsOf(values)).toEqual(['found a'])
    })
  })

  it('tracks a limited number of services', () => {
    inWorld((world) => {
      announce(world, weather, { ...weather, instanceId: 'b' })
      const { values } = observe(world, discover$(world.link('tool'), { maximumServices: 1, period: 500 }))
      world.advance(5_000)
      expect(values).toHaveLength(1)
    })
  })

  it.each([
    ['bytes that are no text', new Uint8Array([0xff, 0])],
    ['another value', bytesOf('[]')],
    ['null', bytesOf('null')],
    ['a missing part', bytesOf('{"kind":"started","name":"a","version":"1"}')],
    [
      'a name that is no topic level',
      bytesOf('{"kind":"stopped","name":"a/#","version":"1","instanceId":"1"}'),
    ],
    [
      'endpoints of another shape',
      bytesOf('{"name":"a","version":"1","instanceId":"1","endpoints":[{"name":1}]}'),
    ],
    ['endpoints that are no array', bytesOf('{"name":"a","version":"1","instanceId":"1","endpoints":{}}')],
    ['an endpoint that is null', bytesOf('{"name":"a","version":"1","instanceId":"1","endpoints":[null]}')],
    [
      'content types that are no texts',
      bytesOf(
        '{"name":"a","version":"1","instanceId":"1","endpoints":[{"name":"a","topic":"t","responses":"one","requestTypes":[1],"responseTypes":[]}]}',
      ),
    ],
    ['too many bytes', new Uint8Array(65_537).fill(0x20)],
  ])('ignores an announcement with %s, and reports it', (_, payload) => {
    inWorld((world) => {
      const { link, broker, advance } = world
      const tool = link('tool')
      const incidents: Incident[] = []
      tool.incidents$.subscribe((incident) => incidents.push(incident))
      const { values, ending } = observe(world, discover$(tool))
      advance(100)
      broker.publish({ topic: 'services/announcements', payload })
      advance(3_000)
      expect(values).toEqual([])
      expect(ending()).toBeUndefined()
      expect(incidents.map(({ kind }) => kind)).toEqual(['malformed'])
    })
  })

  it('ends when the link is closed, and when the broker refuses the subscription', () => {
    inWorld((world) => {
      const { link, broker, advance } = world
      const closing = link('closing')
      const closed = observe(world, discover$(closing))
      advance(50)
      void closing.close()
      broker.refuseSubscribe('services/announcements', 0x87)
      const refused = observe(world, discover$(link('refused')))
      advance(5_000)
      expect([closed.ending(), (refused.ending() as AntiphonError).code]).toEqual([
        'complete',
        'subscribe-refused',
      ])
    })
  })

  it('finds 1 000 services', () => {
    inWorld((world) => {
      const services = Array.from({ length: 1_000 }, (_, index) => ({ ...weather, instanceId: `i${index}` }))
      announce(world, ...services)
      world.advance(100)
      const { values } = observe(world, discover$(world.link('tool'), { period: 1_000 }))
      world.advance(4_000)
      expect(new Set(kindsOf(values)).size).toBe(1_000)
      expect(values).toHaveLength(1_000)
    })
  }, 60_000)
})

describe('the prefix of discovery', () => {
  it('separates services from others', () => {
    inWorld((world) => {
      announce(world, weather, { ...weather, instanceId: 'b', prefix: 'site/services' })
      const tool = world.link('tool')
      const followed = observe(world, discover$(tool, { prefix: 'site/services' }))
      const queried = observe(world, pingServices$(tool, { prefix: 'site/services' }))
      world.advance(3_000)
      expect(kindsOf(followed.values)).toEqual(['found b'])
      expect(queried.values.map(({ instanceId }) => instanceId)).toEqual(['b'])
    })
  })

  it('must be a topic', () => {
    inWorld(({ link }) => {
      const prefix = 'a/#'
      expect(() => pingServices$(link('a'), { prefix })).toThrow('options.prefix is "a/#"')
      expect(() => discover$(link('a'), { prefix })).toThrow('options.prefix is "a/#"')
      expect(() => announceService$(link('a'), { ...weather, prefix })).toThrow('options.prefix is "a/#"')
    })
  })
})

describe('the queries of discovery', () => {
  it('report responses that are not valid, and failures, as incidents', () => {
    inWorld((world) => {
      const { link, advance } = world
      const anything = json.unchecked<unknown>()
      const foreign = endpoint({
        topic: 'services/{verb}/{requester}',
        responseTopic: 'services/{requester}',
        request: anything,
        response: anything,
        correlation: payloadField('id'),
        cancel: 'local',
      })
      requests$(link('odd'), foreign)
        .pipe(serve(() => of({ name: 7 })))
        .subscribe()
      requests$(link('failing'), foreign)
        .pipe(serve(() => throwError(() => new Error('no'))))
        .subscribe()
      const tool = link('tool')
      const incidents: (string | undefined)[] = []
      tool.incidents$.subscribe((incident) =>
        incidents.push('error' in incident ? incident.error.rawMessage : undefined),
      )
      advance(50)
      const { values, ending } = observe(world, pingServices$(tool))
      advance(3_000)
      expect(values).toEqual([])
      expect(ending()).toBe('complete')
      expect(incidents.length).toBe(2)
      expect(incidents.join()).toContain('it is not the response to ping')
    })
  })

  it('ignore requests with an unknown verb', () => {
    inWorld((world) => {
      const { broker, advance } = world
      announce(world, weather)
      advance(50)
      const received: unknown[] = []
      world
        .link('x')
        .messages$('services/x')
        .subscribe((message) => received.push(message))
      advance(50)
      broker.publish({ topic: 'services/reboot/x', payload: bytesOf('{"id":"1"}') })
      advance(500)
      expect(received).toEqual([])
    })
  })

  it('require a name with an instance id, and options that are known', () => {
    inWorld(({ link }) => {
      expect(() => pingServices$(link('a'), { instanceId: 'x' })).toThrow(
        'options.instanceId is set without name',
      )
      expect(() => pingServices$(link('a'), { name: 'a/b' })).toThrow('it must not contain /, + or #')
      expect(() => discover$(link('a'), { periods: 1 } as never)).toThrow('did you mean period?')
      expect(() => announceService$(link('a'), { ...weather, name: '' })).toThrow('options.name is "":')
      expect(() => announceService$(link('a'), { ...weather, endpoints: 1 } as never)).toThrow(
        'endpoints is 1',
      )
      expect(() => announceService$(link('a'), { ...weather, endpoints: [echo] } as never)).toThrow(
        'options.endpoints[0]',
      )
      expect(() => announceService$(link('a'), { name: 'a', version: '1' } as never)).toThrow('endpoints')
    })
  })
})
