import type { Message } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import fc from 'fast-check'
import { expectEqual } from '../../src/compare/expectation.js'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { virtualTime } from '../../src/virtual/virtual-time.js'
import { textOf } from '../virtual/client.js'
import { promised, scriptOf, type Promised } from './promised.js'

const remembered = { clean: false, sessionExpiry: Infinity } as const

/** A life of a receiver and a sender. */
interface Drawn {
  readonly scripts: readonly [receiver: string, sender: string]
  readonly seed: number
  readonly latency: number
}

interface Run {
  readonly broker: VirtualBroker
  readonly runFor: (milliseconds: number) => void
  readonly heard: Message[]
  readonly acknowledged: string[]
  readonly failed: unknown[]
}

/** Lives of these marbles, to the receiver and from the sender, at any latency. */
function drawn(marbles: string): fc.Arbitrary<Drawn> {
  const fromClient = marbles.replace(/[wvo]/g, (marble) => marble.toUpperCase())
  return fc.record({
    scripts: fc.tuple(scriptOf(marbles), scriptOf(fromClient)),
    seed: fc.nat(),
    latency: fc.constantFrom(0, 1, 4),
  })
}

/** A sender that publishes a number every 3 ms and a receiver that hears them, through two scripts. */
function run({ scripts, seed, latency }: Drawn, qos: 1 | 2, session: object = remembered): Run {
  const { scheduler, runTo } = virtualTime()
  const broker = virtualBroker({ scheduler, seed, latency })
  const receiver = broker.link({ clientId: 'receiver', ...session })
  const sender = broker.link({ clientId: 'sender', ...remembered })
  const [heard, acknowledged, failed]: [Message[], string[], unknown[]] = [[], [], []]
  receiver.messages$('t', { qos }).subscribe({
    next: (message) => heard.push(message),
    error: (error: unknown) => failed.push(error),
  })
  const runFor = (milliseconds: number): void => runTo(scheduler.now() + milliseconds)
  sender.state$.subscribe()
  runFor(10 * latency + 1)
  broker.play(scripts[0], { clientId: 'receiver' })
  broker.play(scripts[1], { clientId: 'sender' })
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

function expectAllAcknowledged({ acknowledged, failed }: Run): void {
  expectEqual(failed, [], 'what failed')
  expectEqual(sorted(acknowledged), sent, 'what was acknowledged')
}

function expectNothingLeft({ broker }: Run): void {
  const left = broker.sessions().flatMap(({ unacknowledged, queued }) => [...unacknowledged, ...queued])
  expectEqual(left, [], 'what is left at the broker')
}

/** What keeps every session, and every packet or its order. */
const orderly = drawn('xrikbdunysfwl')
/** What keeps every session. */
const lossy = drawn('xrikbdunysfwlvo')
/** Everything short of what ends a link. */
const any = drawn('xrikbdunysfwlvocXIBD')

function isNotDeaf(life: Drawn, session: object): void {
  const lived = run(life, 1, session)
  expectAllAcknowledged(lived)
  const before = lived.heard.length
  lived.broker.publish({ topic: 't', payload: toUtf8('and now?') })
  lived.runFor(1_000)
  expectEqual(lived.heard.slice(before).map(textOf), ['and now?'], 'what is heard in the end')
}

/** What is promised of messages, whatever befalls the connections. */
export const promisesOfMessages: readonly Promised[] = [
  promised('QoS 1 brings every message at least once, in order', orderly, (life) => {
    const lived = run(life, 1)
    expectAllAcknowledged(lived)
    expectEqual(firstTimes(lived.heard), sent, 'what came for the first time')
    expectNothingLeft(lived)
  }),
  promised('QoS 2 brings every message once, in order', orderly, (life) => {
    const lived = run(life, 2)
    expectAllAcknowledged(lived)
    expectEqual(lived.heard.map(textOf), sent, 'what came')
    expectNothingLeft(lived)
  }),
  ...([1, 2] as const).map((qos) =>
    promised(`no message at QoS ${qos} is missing, where packets are lost and reordered`, lossy, (life) => {
      const lived = run(life, qos)
      expectAllAcknowledged(lived)
      expectEqual(sorted(firstTimes(lived.heard)), sent, 'what came')
    }),
  ),
  promised('a receiver that forgets is not deaf in the end', any, (life) => isNotDeaf(life, { clean: true })),
  promised('a receiver that remembers is not deaf in the end', any, (life) => isNotDeaf(life, remembered)),
  promised('the same seed gives the same life', any, (life) => {
    const [one, other] = [run(life, 1), run(life, 1)]
    expectEqual(one.heard, other.heard, 'what came')
    expectEqual(one.broker.counts(), other.broker.counts(), 'what was counted')
  }),
]
