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
import fc from 'fast-check'
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

describe('messages of discovery from any client', () => {
  /** Messages that are near to those of discovery, and any bytes. */
  const near = fc.record(
    {
      kind: fc.constantFrom('started', 'stopped', 'moved'),
      id: fc.constantFrom('1', 7, null),
      name: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('weather', 'a/b', '#', '__proto__')),
      instanceId: fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('a', '+', 'constructor')),
      version: fc.oneof(fc.string({ maxLength: 3 }), fc.nat()),
      metadata: fc.anything(),
      endpoints: fc.oneof(fc.constant([]), fc.anything(), fc.array(fc.anything(), { maxLength: 2 })),
      startedAt: fc.anything(),
    },
    { requiredKeys: [] },
  )
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    near.map((value) => bytesOf(textOf(value))),
    fc.json({ maxDepth: 3 }).map(bytesOf),
    fc.constantFrom('['.repeat(10_000), '"'.repeat(70_000), '{"__proto__":{"name":"weather"}}').map(bytesOf),
  )

  function textOf(value: object): string {
    try {
      return JSON.stringify(value)
    } catch {
      // A BigInt, or a cycle.
      return '{}'
    }
  }

  it('affect neither services nor those who discover them, whatever their bytes are', () => {
    const messages = fc.array(
      fc.record({
        topic: fc.constantFrom('announcements', 'ping/x', 'info/x', 'stats/x/weather', 'x'),
        payload: payloads,
      }),
      { minLength: 1, maxLength: 30 },
    )
    fc.assert(
      fc.property(messages, (foreign) => {
        inWorld((world) => {
          announce(world, weather)
          world.advance(50)
          const tool = world.link('tool')
          const { values, ending } = observe(world, discover$(tool, { period: 1_000, maximumServices: 20 }))
          world.advance(1_000)
          for (const { topic, payload } of foreign)
            world.broker.publish({ topic: `services/${topic}`, payload })
          world.advance(3_000)
          expect(ending()).toBeUndefined()
          // What is emitted is what the rules of a service allow, and no more services than are tracked.
          for (const { service } of values) {
            expect(Object.getPrototypeOf(service)).toBe(Object.prototype)
            expect(service.name).toMatch(/^[^/+#]+$/u)
            expect(service.instanceId).toMatch(/^[^/+#]+$/u)
            expect(typeof service.version).toBe('string')
          }
          expect(values.filter(({ kind }) => kind === 'found').length).toBeLessThanOrEqual(21)
          const { values: stats } = observe(world, serviceStats$(tool, { name: 'weather', instanceId: 'a' }))
          world.advance(3_000)
          expect(stats).toMatchObject([{ name: 'weather', instanceId: 'a' }])
        })
      }),
      { numRuns: 60 },
    )
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
