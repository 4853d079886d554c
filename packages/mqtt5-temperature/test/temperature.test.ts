import { refusals$, type Link, type OutgoingMessage, type Refusal } from '@antiphon/core'
import { linkOver } from '@antiphon/core/link'
import { marbles, virtualBroker, type BrokerLimits, type VirtualBroker } from '@antiphon/testing'
import { either } from 'fp-ts'
import fc from 'fast-check'
import { from, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  askTemperatures,
  cityQuery,
  demoThermometer,
  readingSentence,
  serveTemperatures,
  type Reading,
  type TemperatureRequestOptions,
} from '../src/index.js'

const toBytes = (said: string): Uint8Array => new TextEncoder().encode(said)
const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** A broker, the service, and what both sides say, on virtual time. */
interface World {
  readonly broker: VirtualBroker
  readonly link: (clientId: string) => Link
  readonly settle: () => void
  readonly ask: (link: Link, cities: readonly string[], options?: TemperatureRequestOptions) => unknown[]
}

function inWorld(test: (world: World) => void, limits: Partial<BrokerLimits> = {}): void {
  const scheduler = new TestScheduler(() => undefined)
  scheduler.run(({ flush }) => {
    const broker = virtualBroker({ scheduler, limits })
    test({
      broker,
      link: (clientId) => linkOver(broker.transport({ clientId }), { scheduler }),
      settle: flush,
      ask: (link, cities, options) => logOf(from(cities).pipe(askTemperatures(link, options))),
    })
  })
}

function logOf(readings$: Observable<Reading>): unknown[] {
  const log: unknown[] = []
  readings$.subscribe({ next: (reading) => log.push(reading), error: (error: unknown) => log.push(error) })
  return log
}

describe('the temperature service', () => {
  it('answers Vienna 22.5, Berlin 18.3, London 15.8, Paris 20.1', () => {
    inWorld(({ link, settle, ask }) => {
      serveTemperatures(link('service')).subscribe()
      const log = ask(link('caller'), ['Vienna', 'Berlin', 'London', 'Paris'])
      settle()
      expect(log).toEqual([
        { city: 'Vienna', celsius: 22.5 },
        { city: 'Berlin', celsius: 18.3 },
        { city: 'London', celsius: 15.8 },
        { city: 'Paris', celsius: 20.1 },
      ])
    })
  })

  it('answers for any other city with a number in 10.0–30.0', () => {
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

  it('speaks the sentences of the original, on its topic', () => {
    inWorld(({ broker, link, settle, ask }) => {
      const seen: OutgoingMessage[] = []
      broker.published$.subscribe(({ message }) => seen.push(message))
      serveTemperatures(link('service')).subscribe()
      ask(link('caller'), ['Vienna'])
      settle()
      expect(
        seen.map(({ topic, payload, contentType, qos }) => [topic, toText(payload), contentType, qos]),
      ).toEqual([
        ['service/temperature/query', 'query:Vienna', 'text/plain', 1],
        ['response/caller', 'Temperature in Vienna: 22.5°C', 'text/plain', 1],
      ])
      expect(toText(seen[0]?.correlationData ?? new Uint8Array())).toMatch(/^[0-9a-f-]{36}$/)
      expect(seen[1]?.correlationData).toEqual(seen[0]?.correlationData)
    })
  })

  it('a payload without query: is answered 400 with an empty payload', () => {
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

  it('a request without Response Topic is acknowledged, told of, and not answered', () => {
    inWorld(({ broker, link, settle }) => {
      const service = link('service')
      const refusals: Refusal[] = []
      refusals$(service).subscribe((refusal) => refusals.push(refusal))
      serveTemperatures(service).subscribe()
      settle()
      broker.publish({ topic: 'service/temperature/query', payload: toBytes('query:Vienna') })
      settle()
      expect(refusals).toMatchObject([{ reason: 'reply-topic' }])
      expect(broker.sessions().flatMap(({ unacknowledged }) => unacknowledged)).toEqual([])
    })
  })

  it('the timeout is 5 s by default, and its error names the id', () => {
    inWorld(({ broker, link, settle, ask }) => {
      const seen: OutgoingMessage[] = []
      broker.published$.subscribe(({ message }) => seen.push(message))
      const log = ask(link('caller'), ['Vienna'])
      settle()
      const id = toText(seen[0]?.correlationData ?? new Uint8Array())
      expect(log).toMatchObject([{ code: 'timeout', correlation: id }])
      expect(String(log[0])).toContain(id)
      expect(String(log[0])).toContain('5000 ms')
    })
  })

  it('several requester instances of a pool and several responders share the load', () => {
    inWorld(({ broker, link, settle, ask }) => {
      const handledBy: string[] = []
      for (const name of ['a', 'b', 'c']) {
        serveTemperatures(link(name), { group: 'thermometers' }).subscribe(() => handledBy.push(name))
      }
      settle()
      const replyTopics = new Set<string | undefined>()
      broker.published$.subscribe(({ message }) => replyTopics.add(message.responseTopic))
      const logs = ['instance1', 'instance2'].map((instance) =>
        ask(link(instance), Array<string>(15).fill('Vienna'), { instance }),
      )
      settle()
      expect(logs.map((log) => log.length)).toEqual([15, 15])
      expect(replyTopics).toEqual(new Set(['response/pool/instance1', 'response/pool/instance2', undefined]))
      expect(new Set(handledBy)).toEqual(new Set(['a', 'b', 'c']))
      expect(handledBy).toHaveLength(30)
    })
  })
})

describe('the service, in marbles', () => {
  const ask = { topic: 'service/temperature/query', responseTopic: 'me' }

  it(
    'answers, refuses what is no query with an empty payload, and says nothing where nobody can be told',
    marbles(({ link, publish, expectPublished, expectSubscribed }) => {
      serveTemperatures(link()).subscribe()
      publish('                   --v--n--q---', {
        v: { ...ask, payload: 'query:Vienna', correlationData: '1' },
        n: { ...ask, payload: 'Vienna', correlationData: '2' },
        q: { topic: ask.topic, payload: 'query:Vienna' },
      })
      expectPublished('me').toBe('--x--y------', {
        x: { payload: 'Temperature in Vienna: 22.5°C', correlationData: '1', contentType: 'text/plain' },
        y: { payload: '', correlationData: '2' },
      })
      expectSubscribed('service/temperature/query').toBe('^')
    }),
  )

  it(
    'reads the thermometer once for a question that comes twice',
    marbles(({ broker, link, publish, expectPublished }) => {
      let read = 0
      serveTemperatures(link(), { thermometer: () => (read += 1) }).subscribe()
      broker.play('               -w------')
      publish('                   ---q----', { q: { ...ask, payload: 'query:Oslo', correlationData: '1' } })
      expectPublished('me').toBe('---x----', { x: { payload: 'Temperature in Oslo: 1.0°C' } })
    }),
  )
})

describe('a broker like MonsterMQ', () => {
  it('needs no subscription identifiers, no shared subscriptions and no Response Information', () => {
    inWorld(
      ({ link, settle, ask }) => {
        serveTemperatures(link('service')).subscribe()
        const log = ask(link('caller'), ['Vienna', 'Berlin'])
        settle()
        expect(log).toHaveLength(2)
      },
      { subscriptionIdentifiers: false, sharedSubscriptions: false },
    )
  })
})

describe('the codecs', () => {
  it('round trip every city, and one decimal of every temperature', () => {
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
    '%j is no reading',
    (said) => {
      expect(readingSentence.decode(toBytes(said))).toMatchObject({ _tag: 'Left' })
    },
  )
})
