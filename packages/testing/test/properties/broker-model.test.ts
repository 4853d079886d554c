import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bytes,
  recordingClient,
  textOf,
  startBroker,
  type RecordingClient,
} from '../virtual/recording-client.js'
import { testTimeout, runs, seed } from './runs.js'

const names = ['a', 'b', 'c'] as const
const topics = ['t', 't/1', 't/2', 't/1/x'] as const
/** The topics that each filter matches, listed so that the model shares no code with the broker. */
const filters: Readonly<Record<string, readonly string[]>> = {
  t: ['t'],
  't/+': ['t/1', 't/2'],
  't/#': ['t', 't/1', 't/2', 't/1/x'],
  't/1': ['t/1'],
  '+/1/x': ['t/1/x'],
}

type Operation =
  | { readonly do: 'connect' | 'cut'; readonly clientName: string }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly clientName: string; readonly filter: string }
  | { readonly do: 'publish'; readonly topic: string; readonly qos: 0 | 1 | 2; readonly retain: boolean }

const clientName = fc.constantFrom(...names)
const filter = fc.constantFrom(...Object.keys(filters))
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constantFrom('connect' as const, 'cut' as const), clientName }),
  fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), clientName, filter }),
  fc.record({
    do: fc.constant('publish' as const),
    topic: fc.constantFrom(...topics),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
  }),
)

/** The model of a client according to the specification. */
interface ModelClient {
  isConnected: boolean
  readonly filters: Set<string>
  received: string[]
  queued: string[]
}

/** Returns a model of the broker in which every client has a persistent session. */
function model(): {
  readonly apply: (operation: Operation, text: string) => void
  readonly of: (name: string) => ModelClient
} {
  const clients = new Map<string, ModelClient>(
    names.map((name) => [name, { isConnected: false, filters: new Set(), received: [], queued: [] }]),
  )
  const retained = new Map<string, string>()
  const clientOf = (name: string): ModelClient => clients.get(name) as ModelClient
  return {
    of: clientOf,
    apply: (step, text) => {
      switch (step.do) {
        case 'connect': {
          const client = clientOf(step.clientName)
          client.isConnected = true
          client.received.push(...client.queued.splice(0))
          return
        }
        case 'cut':
          clientOf(step.clientName).isConnected = false
          return
        case 'subscribe': {
          const client = clientOf(step.clientName)
          if (!client.isConnected) return
          client.filters.add(step.filter)
          for (const [topic, retainedText] of retained)
            if (filters[step.filter]?.includes(topic)) client.received.push(retainedText)
          return
        }
        case 'unsubscribe':
          if (clientOf(step.clientName).isConnected) clientOf(step.clientName).filters.delete(step.filter)
          return
        case 'publish':
          if (step.retain) {
            retained.delete(step.topic)
            retained.set(step.topic, text)
          }
          for (const client of clients.values()) {
            if (![...client.filters].some((name) => filters[name]?.includes(step.topic))) continue
            if (client.isConnected) client.received.push(text)
            else if (step.qos > 0) client.queued.push(text)
          }
      }
    },
  }
}

describe('the virtual broker', () => {
  it(
    'behaves like a model of the specification for random operations',
    () => {
      fc.assert(
        fc.property(
          fc.array(operation, { maxLength: 40 }),
          fc.constantFrom(0, 1, 7),
          (operations, latency) => {
            const { broker, settle } = startBroker({ latency })
            const expected = model()
            const clients = new Map<string, RecordingClient>()
            for (const name of names)
              clients.set(
                name,
                recordingClient(
                  broker.transport({ clientId: name, clean: false, sessionExpiryInterval: Infinity }),
                ),
              )
            for (const [index, step] of operations.entries()) {
              const text = `${index}`
              if (step.do === 'publish') broker.publish({ ...step, payload: bytes(text) })
              else if (step.do === 'cut') broker.disconnect(step.clientName)
              else if (step.do === 'subscribe')
                clients.get(step.clientName)?.subscribe(step.filter, { qos: 2 })
              else if (step.do === 'unsubscribe') clients.get(step.clientName)?.unsubscribe(step.filter)
              else if (!expected.of(step.clientName).isConnected) clients.get(step.clientName)?.connect()
              expected.apply(step, text)
              settle(10 * latency)
              for (const name of names) {
                expect(clients.get(name)?.messages.map(textOf)).toEqual(expected.of(name).received)
                expect(broker.session(name)?.unacknowledged ?? []).toEqual([])
                expect(broker.session(name)?.queued.map(textOf) ?? []).toEqual(expected.of(name).queued)
              }
            }
          },
        ),
        { numRuns: runs, seed },
      )
    },
    testTimeout,
  )
})
