import { ignoredRequests$, type Link, type OutgoingMessage, type IgnoredRequest } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { marbles, virtualBroker, type VirtualBrokerLimits, type VirtualBroker } from '@antiphon/testing'
import { either } from 'fp-ts'
import fc from 'fast-check'
import { from, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  requestTemperature$,
  cityQuery,
  demoThermometer,
  readingSentence,
  serveTemperatures,
  type Reading,
  type TemperatureRequestOptions,
} from '../src/index.js'

const toBytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A broker and links on virtual time. `sendRequests` returns a log of readings and errors. */
interface World {
  readonly broker: VirtualBroker
  readonly link: (clientId: string) => Link
  readonly settle: () => void
  readonly sendRequests: (
    link: Link,
    cities: readonly string[],
    options?: TemperatureRequestOptions,
  ) => unknown[]
}

/** Runs a test with a `World` in a `TestScheduler`. */
function inWorld(test: (world: World) => void, limits: Partial<VirtualBrokerLimits> = {}): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(({ flush }) => {
    const broker = virtualBroker({ scheduler, limits })
    test({
      broker,
      link: (clientId) => linkOver(broker.transport({ clientId }), { scheduler }),
      settle: flush,
      sendRequests: (link, cities, options) => logOf(from(cities).pipe(requestTemperature$(link, options))),
    })
  })
}

function logOf(readings$: Observable<Reading>): unknown[] {
  const log: unknown[] = []
  readings$.subscribe({ next: (reading) => log.push(reading), error: (error: unknown) => log.push(error) })
  return log
}

describe('the temperature service', () => {
  it('serves the fixed temperatures of Vienna, Berlin, London and Paris', () => {
    inWorld(({ link, settle, sendRequests }) => {
      serveTemperatures(link('service')).subscribe()
      const log = sendRequests(link('requester'), ['Vienna', 'Berlin', 'London', 'Paris'])
      settle()
      expect(log).toEqual([
        { city: 'Vienna', celsius: 22.5 },
        { city: 'Berlin', celsius: 18.3 },
        { city: 'London', celsius: 15.8 },
        { city: 'Paris', celsius: 20.1 },
      ])
    })
  })

  it('returns a temperature from 10.0 to 30.0 for any other city', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (city, chance) => {
          const celsius = demoThermometer(() => chance)(city)
          expect(celsius).toBeGreaterThanOrEqual(10)
          expect(celsius).toBeLessThan(30)
        },
      ),
    )
  })

  it('uses the topics and payloads of the original temperature demo', () => {
    inWorld(({ broker, link, settle, sendRequests }) => {
      const seen: OutgoingMessage[] = []
      broker.published$.subscribe(({ message }) => seen.push(message))
      serveTemperatures(link('service')).subscribe()
      sendRequests(link('requester'), ['Vienna'])
      settle()
      expect(
        seen.map(({ topic, payload, contentType, qos }) => [topic, toText(payload), contentType, qos]),
      ).toEqual([
        ['service/temperature/query', 'query:Vienna', 'text/plain', 1],
        ['response/requester', 'Temperature in Vienna: 22.5°C', 'text/plain', 1],
      ])
      expect(toText(seen[0]?.correlationData ?? new Uint8Array())).toMatch(/^[0-9a-f-]{36}$/)
      expect(seen[1]?.correlationData).toEqual(seen[0]?.correlationData)
    })
  })

  it('answers a payload without query: with status 400 and an empty payload', () => {
    inWorld(({ broker, link, settle }) => {
      const seen: OutgoingMessage[] = []
      serveTemperatures(link('service')).subscribe()
      broker.published$.subscribe(({ message }) => seen.push(message))
      settle()
      broker.publish({
        topic: 'service/temperature/query',
        payload: toBytes('Vienna'),
        responseTopic: 'response/other',
        correlationData: toBytes('7'),
      })
      settle()
      expect(seen.at(-1)).toMatchObject({ topic: 'response/other', payload: new Uint8Array() })
      expect(seen.at(-1)?.userProperties).toContainEqual(['__stat', '400'])
    })
  })

  it('acknowledges and reports a temperature request without Response Topic', () => {
    inWorld(({ broker, link, settle }) => {
      const service = link('service')
      const ignored: IgnoredRequest[] = []
      ignoredRequests$(service).subscribe((request) => ignored.push(request))
      serveTemperatures(service).subscribe()
      settle()
      broker.publish({ topic: 'service/temperature/query', payload: toBytes('query:Vienna') })
      settle()
      expect(ignored).toMatchObject([{ reason: 'response-topic' }])
      expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
    })
  })

  it('fails a temperature request after 5 s by default, with the correlation id in the error', () => {
    inWorld(({ broker, link, settle, sendRequests }) => {
      const seen: OutgoingMessage[] = []
      broker.published$.subscribe(({ message }) => seen.push(message))
      const log = sendRequests(link('requester'), ['Vienna'])
      settle()
      const id = toText(seen[0]?.correlationData ?? new Uint8Array())
      expect(log).toMatchObject([{ code: 'timeout', correlation: id }])
      expect(String(log[0])).toContain(id)
      expect(String(log[0])).toContain('5000 ms')
    })
  })

  it('shares the load among requester instances of a pool and responders of a group', () => {
    inWorld(({ broker, link, settle, sendRequests }) => {
      const handledBy: string[] = []
      for (const name of ['a', 'b', 'c']) {
        serveTemperatures(link(name), { group: 'thermometers' }).subscribe(() => handledBy.push(name))
      }
      settle()
      const responseTopics = new Set<string | undefined>()
      broker.published$.subscribe(({ message }) => responseTopics.add(message.responseTopic))
      const logs = ['instance1', 'instance2'].map((instance) =>
        sendRequests(link(instance), Array<string>(15).fill('Vienna'), { instance }),
      )
      settle()
      expect(logs.map((log) => log.length)).toEqual([15, 15])
      expect(responseTopics).toEqual(
        new Set(['response/pool/instance1', 'response/pool/instance2', undefined]),
      )
      expect(new Set(handledBy)).toEqual(new Set(['a', 'b', 'c']))
      expect(handledBy).toHaveLength(30)
    })
  })
})

describe('serveTemperatures in marbles', () => {
  const request = { topic: 'service/temperature/query', responseTopic: 'me' }

  it(
    'responds to a query, answers a malformed one with an empty payload, and ignores one without Response Topic',
    marbles(({ link, publish, expectPublished, expectSubscribed }) => {
      serveTemperatures(link()).subscribe()
      publish('                   --v--n--q---', {
        v: { ...request, payload: 'query:Vienna', correlationData: '1' },
        n: { ...request, payload: 'Vienna', correlationData: '2' },
        q: { topic: request.topic, payload: 'query:Vienna' },
      })
      expectPublished('me').toBe('--x--y------', {
        x: { payload: 'Temperature in Vienna: 22.5°C', correlationData: '1', contentType: 'text/plain' },
        y: { payload: '', correlationData: '2' },
      })
      expectSubscribed('service/temperature/query').toBe('^')
    }),
  )

  it(
    'reads the thermometer once for a redelivered request',
    marbles(({ broker, link, publish, expectPublished }) => {
      let reads = 0
      serveTemperatures(link(), { thermometer: () => (reads += 1) }).subscribe()
      broker.play('               -w------')
      publish('                   ---q----', {
        q: { ...request, payload: 'query:Oslo', correlationData: '1' },
      })
      expectPublished('me').toBe('---x----', { x: { payload: 'Temperature in Oslo: 1.0°C' } })
    }),
  )
})

describe('a broker like MonsterMQ', () => {
  it('serves temperatures over a broker without Subscription Identifiers and shared subscriptions', () => {
    inWorld(
      ({ link, settle, sendRequests }) => {
        serveTemperatures(link('service')).subscribe()
        const log = sendRequests(link('requester'), ['Vienna', 'Berlin'])
        settle()
        expect(log).toHaveLength(2)
      },
      { subscriptionIdentifiers: false, sharedSubscriptions: false },
    )
  })
})

describe('the codecs', () => {
  it('decodes every city and reading with one decimal that the temperature codecs encode', () => {
    const whole = fc.integer({ min: -999, max: 999 })
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), whole, (city, tenths) => {
        const reading = { city, celsius: tenths / 10 }
        expect(cityQuery.decode(cityQuery.encode(city))).toEqual(either.right(city))
        expect(readingSentence.decode(readingSentence.encode(reading))).toEqual(either.right(reading))
      }),
    )
  })

  it.each(['', 'Temperature in Vienna', 'Temperature in Vienna: warm°C', '22.5'])(
    'rejects %j as a temperature reading',
    (text) => {
      expect(readingSentence.decode(toBytes(text))).toMatchObject({ _tag: 'Left' })
    },
  )
})
