import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes, client, textOf, world, type Client } from '../virtual/client.js'
import { patience, runs, seed } from './runs.js'

const names = ['a', 'b', 'c'] as const
const topics = ['t', 't/1', 't/2', 't/1/x'] as const
/** Each filter with the topics it asks for, written out so that the model shares nothing with the broker. */
const filters: Readonly<Record<string, readonly string[]>> = {
  t: ['t'],
  't/+': ['t/1', 't/2'],
  't/#': ['t', 't/1', 't/2', 't/1/x'],
  't/1': ['t/1'],
  '+/1/x': ['t/1/x'],
}

type Operation =
  | { readonly do: 'connect' | 'cut'; readonly who: string }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly who: string; readonly filter: string }
  | { readonly do: 'publish'; readonly topic: string; readonly qos: 0 | 1 | 2; readonly retain: boolean }

const who = fc.constantFrom(...names)
const filter = fc.constantFrom(...Object.keys(filters))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constantFrom('connect' as const, 'cut' as const), who }),
  fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), who, filter }),
  fc.record({
    do: fc.constant('publish' as const),
    topic: fc.constantFrom(...topics),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
  }),
)

/** A client as the norm has it, in so many lines. */
interface Modelled {
  isConnected: boolean
  readonly filters: Set<string>
  received: string[]
  waiting: string[]
}

/** Every client remembers its session; what is expected of the broker after each operation. */
function model(): {
  readonly apply: (operation: Operation, text: string) => void
  readonly of: (name: string) => Modelled
} {
  const clients = new Map<string, Modelled>(
    names.map((name) => [name, { isConnected: false, filters: new Set(), received: [], waiting: [] }]),
  )
  const retained = new Map<string, string>()
  const of = (name: string): Modelled => clients.get(name) as Modelled
  return {
    of,
    apply: (step, text) => {
      switch (step.do) {
        case 'connect': {
          const one = of(step.who)
          one.isConnected = true
          one.received.push(...one.waiting.splice(0))
          return
        }
        case 'cut':
          of(step.who).isConnected = false
          return
        case 'subscribe': {
          const one = of(step.who)
          if (!one.isConnected) return
          one.filters.add(step.filter)
          for (const [topic, kept] of retained)
            if (filters[step.filter]?.includes(topic)) one.received.push(kept)
          return
        }
        case 'unsubscribe':
          if (of(step.who).isConnected) of(step.who).filters.delete(step.filter)
          return
        case 'publish':
          if (step.retain) {
            retained.delete(step.topic)
            retained.set(step.topic, text)
          }
          for (const one of clients.values()) {
            if (![...one.filters].some((wanted) => filters[wanted]?.includes(step.topic))) continue
            if (one.isConnected) one.received.push(text)
            else if (step.qos > 0) one.waiting.push(text)
          }
      }
    },
  }
}

describe('the virtual broker', () => {
  it(
    'does what a model of the norm does, whatever the operations',
    () => {
      fc.assert(
        fc.property(
          fc.array(operation, { maxLength: 40 }),
          fc.constantFrom(0, 1, 7),
          (operations, latency) => {
            const { broker, settle } = world({ latency })
            const expected = model()
            const clients = new Map<string, Client>()
            for (const name of names)
              clients.set(
                name,
                client(broker.transport({ clientId: name, clean: false, sessionExpiryInterval: Infinity })),
              )
            for (const [index, step] of operations.entries()) {
              const text = `${index}`
              if (step.do === 'publish') broker.publish({ ...step, payload: bytes(text) })
              else if (step.do === 'cut') broker.disconnect(step.who)
              else if (step.do === 'subscribe') clients.get(step.who)?.subscribe(step.filter, { qos: 2 })
              else if (step.do === 'unsubscribe') clients.get(step.who)?.unsubscribe(step.filter)
              else if (!expected.of(step.who).isConnected) clients.get(step.who)?.connect()
              expected.apply(step, text)
              settle(10 * latency)
              for (const name of names) {
                expect(clients.get(name)?.messages.map(textOf)).toEqual(expected.of(name).received)
                expect(broker.session(name)?.unacknowledged ?? []).toEqual([])
                expect(broker.session(name)?.queued.map(textOf) ?? []).toEqual(expected.of(name).waiting)
              }
            }
          },
        ),
        { numRuns: runs, seed },
      )
    },
    patience,
  )
})
