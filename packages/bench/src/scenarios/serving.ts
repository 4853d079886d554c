import { setTimeout as wait } from 'node:timers/promises'
import { contestants } from '../entrants.js'
import { antiphon, byHand } from '../names.js'
import { memoryOf, startPair, warmUp, type Pair } from '../processes/pair.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'

/** Who answers what a Map asks in MQTT 5's own way. */
const plain = [antiphon, byHand, 'Map, no JSON', 'aws-crt']

/** What it costs to answer, whoever asks: the requester is the Map by hand for all. */
export function serveOnly({ milliseconds, isForeignWanted, profile }: Settings): AnyScenario {
  const entrants = contestants.filter(
    ({ name, isForeign }) => plain.includes(name) && (isForeignWanted || !isForeign),
  )
  return scenario<Pair>({
    section: 'Serving',
    about: 'The requester is the Map by hand for all, so that only the responder differs.',
    contestants: entrants.map(({ name }) => name),
    start: (name) =>
      startPair({ requester: byHand, responder: name, broker: 'mosquitto', qos: 1, ...profile }),
    warm: (pair) => warmUp(pair, 256),
    stop: (pair) => pair.stop(),
    rows: [64, 256].map((inFlight): Row<Pair> => ({
      title: `serve only, QoS 1, ${inFlight} in flight`,
      facts: { kind: 'serve', inFlight },
      seconds: milliseconds / 1_000,
      measure: async (pair) => servedPart(await pair.slice({ inFlight, milliseconds, bytes: 32 })),
    })),
  })
}

/** A responder that serves few endpoints or many, each number in processes of its own. */
interface Servers {
  readonly pair: (endpoints: number) => Promise<Pair>
  readonly stop: () => Promise<void>
}

const sizes = [10, 1_000, 10_000, 100_000]
const idleSize = 10_000

/** What it costs to serve many endpoints on one link: while requests come for any of them, and while none comes. */
export function endpoints({ milliseconds }: Settings): AnyScenario {
  return scenario<Servers>({
    section: 'Many endpoints on one link',
    about:
      'Requests go to any of the endpoints, each as likely, at QoS 0 and 64 in flight, asked by the Map by hand; the numbers of endpoints take turns.',
    contestants: [antiphon, byHand],
    isWoven: true,
    start: async (name) => startServers(name),
    stop: (servers) => servers.stop(),
    rows: [
      ...sizes.map((size): Row<Servers> => ({
        title: `${size.toLocaleString('en')} endpoints`,
        facts: { kind: 'endpoints', endpoints: size },
        seconds: (milliseconds * 2) / 1_000 + size / 20_000,
        measure: async (servers) => {
          const pair = await servers.pair(size)
          return servedPart(await pair.slice({ inFlight: 64, milliseconds: milliseconds * 2, bytes: 32 }))
        },
      })),
      {
        title: `${idleSize.toLocaleString('en')} endpoints that nobody asks, each`,
        facts: { kind: 'idle', endpoints: idleSize, label: 'served endpoint' },
        seconds: 2.5,
        measure: async (servers) => idle(await servers.pair(10), await servers.pair(idleSize)),
      },
    ],
  })
}

function startServers(name: string): Servers {
  const pairs = new Map<number, Promise<Pair>>()
  const start = async (endpoints: number): Promise<Pair> => {
    const pair = await startPair({
      requester: byHand,
      responder: name,
      broker: 'mosquitto',
      qos: 0,
      endpoints,
    })
    try {
      await warmUp(pair, 64)
      return pair
    } catch (error) {
      await pair.stop()
      throw error
    }
  }
  return {
    pair: (size) => {
      const pair = pairs.get(size) ?? start(size)
      pairs.set(size, pair)
      return pair
    },
    stop: async () => {
      for (const pair of await Promise.allSettled(pairs.values())) {
        if (pair.status === 'fulfilled') await pair.value.stop()
      }
    },
  }
}

/** What the endpoints hold, beside what a process holds that serves few, and the CPU it takes while nothing happens. */
async function idle(few: Pair, many: Pair): Promise<Sample> {
  const bytes = (await memoryOf(many.responder)) - (await memoryOf(few.responder))
  const before = await many.responder.call<number>('cpu')
  const seconds = 2
  await wait(seconds * 1_000)
  const cpu = (await many.responder.call<number>('cpu')) - before
  return { bytes: bytes / (idleSize - 10), idle: cpu / 1_000 / seconds }
}

/** The responder's part of a slice, and what tells that the requester was in order. */
function servedPart({ rate, responder, asked: requested, lost }: Sample): Sample {
  return Object.fromEntries(
    Object.entries({ rate, responder, asked: requested, lost }).filter(([, value]) => value !== undefined),
  )
}
