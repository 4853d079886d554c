import { toUtf8, type Message } from '@antiphon/core'
import fc from 'fast-check'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { textOf } from '../virtual/client.js'
import { patience, runs, seed } from './runs.js'

const remembered = { clean: false, sessionExpiry: Infinity } as const

/** A life of both connections and of the broker, of these marbles; after it everything is well again. */
function life(marbles: string): fc.Arbitrary<string> {
  const quiet = '-'.repeat(marbles.length * 2)
  return fc
    .array(fc.constantFrom(...marbles, ...quiet), { minLength: 10, maxLength: 120 })
    .map((drawn) => `${drawn.join('')}-h`)
}

interface Run {
  readonly broker: VirtualBroker
  readonly runFor: (milliseconds: number) => void
  readonly heard: Message[]
  readonly acknowledged: string[]
  readonly failed: unknown[]
}

interface Drawn {
  readonly lives: readonly [receiver: string, sender: string]
  readonly seed: number
  readonly latency: number
}

/** Lives of these marbles, to the client and from it, at any latency. */
function drawn(marbles: string): fc.Arbitrary<Drawn> {
  return fc.record({
    lives: fc.tuple(life(marbles), life(marbles.replace(/[wvo]/g, (marble) => marble.toUpperCase()))),
    seed: fc.nat(),
    latency: fc.constantFrom(0, 1, 4),
  })
}

/** A sender that publishes a number every 3 ms and a receiver that hears them, through two lives. */
function run({ lives, seed, latency }: Drawn, qos: 1 | 2, session: object = remembered): Run {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const broker = virtualBroker({ scheduler, seed, latency })
  const receiver = broker.link({ clientId: 'receiver', ...session })
  const sender = broker.link({ clientId: 'sender', ...remembered })
  const [heard, acknowledged, failed]: [Message[], string[], unknown[]] = [[], [], []]
  receiver.messages$('t', { qos }).subscribe({
    next: (message) => heard.push(message),
    error: (error: unknown) => failed.push(error),
  })
  const runFor = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.frame + milliseconds
    scheduler.flush()
    scheduler.frame = scheduler.maxFrames
  }
  sender.state$.subscribe()
  runFor(10 * latency + 1)
  broker.play(lives[0], { clientId: 'receiver' })
  broker.play(lives[1], { clientId: 'sender' })
  for (let number = 1; number <= 30; number++) {
    const text = `${number}`
    sender.publish$({ topic: 't', payload: toUtf8(text), qos }).subscribe({
      next: () => acknowledged.push(text),
      error: (error: unknown) => failed.push(error),
    })
    runFor(3)
  }
  runFor(10_000)
  // A message lost on a connection that lives on comes again with the next one.
  for (const clientId of ['sender', 'receiver']) {
    broker.disconnect(clientId)
    runFor(2_000)
  }
  return { broker, runFor, heard, acknowledged, failed }
}

const sent = Array.from({ length: 30 }, (_, index) => `${index + 1}`)
const firstTimes = (heard: readonly Message[]): readonly string[] => [...new Set(heard.map(textOf))]
const sorted = (texts: readonly string[]): readonly string[] =>
  [...texts].sort((a, b) => Number(a) - Number(b))
const left = (broker: VirtualBroker): unknown =>
  broker.sessions().flatMap(({ unacknowledged, queued }) => [...unacknowledged, ...queued])

describe('through any life that keeps the session', () => {
  const orderly = drawn('xrikbdunysfwl')

  it(
    'QoS 1 brings every message at least once, in order',
    () => {
      fc.assert(
        fc.property(orderly, (life) => {
          const { broker, heard, acknowledged, failed } = run(life, 1)
          expect(failed).toEqual([])
          expect(sorted(acknowledged)).toEqual(sent)
          expect(firstTimes(heard)).toEqual(sent)
          expect(left(broker)).toEqual([])
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )

  it(
    'QoS 2 brings every message once, in order',
    () => {
      fc.assert(
        fc.property(orderly, (life) => {
          const { broker, heard, acknowledged, failed } = run(life, 2)
          expect(failed).toEqual([])
          expect(sorted(acknowledged)).toEqual(sent)
          expect(heard.map(textOf)).toEqual(sent)
          expect(left(broker)).toEqual([])
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )

  it(
    'no message is missing in the end, even where packets are lost and reordered',
    () => {
      fc.assert(
        fc.property(drawn('xrikbdunysfwlvo'), fc.constantFrom(1 as const, 2 as const), (life, qos) => {
          const { heard, acknowledged, failed } = run(life, qos)
          expect(failed).toEqual([])
          expect(sorted(acknowledged)).toEqual(sent)
          expect(sorted(firstTimes(heard))).toEqual(sent)
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )
})

describe('through any life at all', () => {
  const any = drawn('xrikbdunysfwlvocXIBD')

  it.each([
    ['that forgets', { clean: true }],
    ['that remembers', remembered],
  ])(
    'a receiver %s is not deaf in the end, and what was sent is acknowledged',
    (_, session) => {
      fc.assert(
        fc.property(any, (life) => {
          const { broker, runFor, heard, acknowledged, failed } = run(life, 1, session)
          expect(failed).toEqual([])
          expect(sorted(acknowledged)).toEqual(sent)
          const before = heard.length
          broker.publish({ topic: 't', payload: toUtf8('and now?') })
          runFor(1_000)
          expect(heard.slice(before).map(textOf)).toEqual(['and now?'])
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )

  it(
    'the same seed gives the same life',
    () => {
      fc.assert(
        fc.property(any, (life) => {
          const [one, other] = [run(life, 1), run(life, 1)]
          expect(one.heard).toEqual(other.heard)
          expect(one.broker.counts()).toEqual(other.broker.counts())
        }),
        { numRuns: runs, seed },
      )
    },
    patience,
  )
})
