import { setTimeout as wait } from 'node:timers/promises'
import { contestants } from '../contestants.js'
import { antiphon, byHand, floor } from '../names.js'
import { memoryOf, startUnaryPair, warmUp, type UnaryPair } from './unary-pair.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'

/** Contestants that answer requests with Response Topic and Correlation Data. */
const mqtt5Responders = [antiphon, byHand, floor, 'Map, no JSON', 'aws-crt']

/** Measures the responder only: the requester is the hand-written Map for all contestants. */
export function serveOnly({ milliseconds, includesForeign, profile }: Settings): AnyScenario {
  const participants = contestants.filter(
    ({ name, isForeign }) => mqtt5Responders.includes(name) && (includesForeign || !isForeign),
  )
  return scenario<UnaryPair>({
    section: 'Serving',
    about: 'The requester is the hand-written Map for all contestants, so that only the responder differs.',
    contestants: participants.map(({ name }) => name),
    start: (name) =>
      startUnaryPair({ requester: byHand, responder: name, broker: 'mosquitto', qos: 1, ...profile }),
    warm: (pair) => warmUp(pair, 256),
    stop: (pair) => pair.stop(),
    rows: [64, 256].map((inFlight): Row<UnaryPair> => ({
      title: `serve only, QoS 1, ${inFlight} in flight`,
      facts: { kind: 'serve', inFlight },
      seconds: milliseconds / 1_000,
      measure: async (pair) => responderPart(await pair.slice({ inFlight, milliseconds, bytes: 32 })),
    })),
  })
}

/** Responders that serve different numbers of endpoints, each in a separate process. */
interface ResponderPairs {
  /** Returns a pair that has been warmed up. */
  readonly pair: (endpoints: number) => Promise<UnaryPair>
  /** Returns a pair of which no endpoint has had a request. */
  readonly unused: (endpoints: number) => Promise<UnaryPair>
  readonly stop: () => Promise<void>
}

const sizes = [10, 1_000, 10_000, 100_000]
const idleSize = 10_000

/** Measures the cost of many endpoints on one link, with requests to all of them and while idle. */
export function endpoints({ milliseconds }: Settings): AnyScenario {
  return scenario<ResponderPairs>({
    section: 'Many endpoints on one link',
    about:
      'The hand-written Map sends requests to random endpoints at QoS 0 with 64 in flight; the numbers of endpoints are interleaved.',
    contestants: [antiphon, byHand, floor],
    isInterleaved: true,
    start: async (name) => responderPairs(name),
    stop: (pairs) => pairs.stop(),
    rows: [
      ...sizes.map((size): Row<ResponderPairs> => ({
        title: `${size.toLocaleString('en')} endpoints`,
        facts: { kind: 'endpoints', endpoints: size },
        seconds: (milliseconds * 2) / 1_000 + size / 20_000,
        measure: async (pairs) => {
          const pair = await pairs.pair(size)
          return responderPart(await pair.slice({ inFlight: 64, milliseconds: milliseconds * 2, bytes: 32 }))
        },
      })),
      {
        title: `${idleSize.toLocaleString('en')} idle endpoints, each`,
        facts: { kind: 'idle', endpoints: idleSize, label: 'served endpoint' },
        seconds: 2.5,
        measure: async (pairs) => measureIdle(await pairs.unused(10), await pairs.unused(idleSize)),
      },
      {
        title: `${idleSize.toLocaleString('en')} endpoints after their requests, each`,
        facts: { kind: 'used', endpoints: idleSize, label: 'endpoint in use' },
        seconds: 2.5,
        measure: async (pairs) => measureIdle(await pairs.pair(10), await pairs.pair(idleSize)),
      },
    ],
  })
}

function responderPairs(name: string): ResponderPairs {
  const warm = new Map<number, Promise<UnaryPair>>()
  const unused = new Map<number, Promise<UnaryPair>>()
  const start = (endpoints: number): Promise<UnaryPair> =>
    startUnaryPair({ requester: byHand, responder: name, broker: 'mosquitto', qos: 0, endpoints })
  const startWarm = async (endpoints: number): Promise<UnaryPair> => {
    const pair = await start(endpoints)
    try {
      // Each endpoint has some requests, so that the rows do not measure first requests.
      await warmUp(pair, 64, Math.max(15_000, 3 * endpoints))
      return pair
    } catch (error) {
      await pair.stop()
      throw error
    }
  }
  const from =
    (pairs: Map<number, Promise<UnaryPair>>, create: typeof start): typeof start =>
    (size) => {
      const pair = pairs.get(size) ?? create(size)
      pairs.set(size, pair)
      return pair
    }
  return {
    pair: from(warm, startWarm),
    unused: from(unused, start),
    stop: async () => {
      for (const pair of await Promise.allSettled([...warm.values(), ...unused.values()])) {
        if (pair.status === 'fulfilled') await pair.value.stop()
      }
    },
  }
}

/** Returns the memory per endpoint, compared with a process that serves few, and the CPU time while idle. */
async function measureIdle(few: UnaryPair, many: UnaryPair): Promise<Sample> {
  const bytes = (await memoryOf(many.responder)) - (await memoryOf(few.responder))
  const before = await many.responder.call<number>('cpu')
  const seconds = 2
  await wait(seconds * 1_000)
  const cpu = (await many.responder.call<number>('cpu')) - before
  return { bytes: bytes / (idleSize - 10), idle: cpu / 1_000 / seconds }
}

/** Returns the responder's figures of a slice, with the counts of requests. */
function responderPart({ rate, responder, sent, lost }: Sample): Sample {
  return Object.fromEntries(
    Object.entries({ rate, responder, sent, lost }).filter(([, value]) => value !== undefined),
  )
}
