import type { Message } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import fc from 'fast-check'
import { expectEqual } from '../../src/compare/expectation.js'
import { virtualBroker, type VirtualBroker } from '../../src/index.js'
import { virtualTime } from '../../src/time/virtual-time.js'
import { textOf } from '../virtual/recording-client.js'
import { faultProperty, scriptOf, type FaultProperty } from './fault-property.js'

const persistentSession = { clean: false, sessionExpiryInterval: Infinity } as const

/** The fault scripts of a receiver and a sender, with seed and latency. */
interface Scenario {
  readonly scripts: readonly [receiver: string, sender: string]
  readonly seed: number
  readonly latency: number
}

/** The state after a scenario. */
interface MessageScenario {
  readonly broker: VirtualBroker
  readonly runFor: (milliseconds: number) => void
  readonly received: Message[]
  readonly acknowledged: string[]
  readonly failed: unknown[]
}

/** Generates scenarios with these faults, for packets to the receiver and from the sender. */
function scenarios(marbles: string): fc.Arbitrary<Scenario> {
  const fromClient = marbles.replace(/[wvo]/g, (marble) => marble.toUpperCase())
  return fc.record({
    scripts: fc.tuple(scriptOf(marbles), scriptOf(fromClient)),
    seed: fc.nat(),
    latency: fc.constantFrom(0, 1, 4),
  })
}

/** Publishes a number every 3 ms to a receiver through two fault scripts, then runs without faults. */
function playScenario(
  { scripts, seed, latency }: Scenario,
  qos: 1 | 2,
  session: object = persistentSession,
): MessageScenario {
  const { scheduler, runTo } = virtualTime()
  const broker = virtualBroker({ scheduler, seed, latency })
  const receiver = broker.link({ clientId: 'receiver', ...session })
  const sender = broker.link({ clientId: 'sender', ...persistentSession })
  const [received, acknowledged, failed]: [Message[], string[], unknown[]] = [[], [], []]
  receiver.messages$('t', { qos }).subscribe({
    next: (message) => received.push(message),
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
  // A message dropped on an open connection is redelivered on the next one.
  for (const clientId of ['sender', 'receiver']) {
    broker.disconnect(clientId)
    runFor(2_000)
  }
  return { broker, runFor, received, acknowledged, failed }
}

const sent = Array.from({ length: 30 }, (_, index) => `${index + 1}`)
const firstTimes = (received: readonly Message[]): readonly string[] => [...new Set(received.map(textOf))]
const sorted = (texts: readonly string[]): readonly string[] =>
  [...texts].sort((a, b) => Number(a) - Number(b))

function expectAllAcknowledged({ acknowledged, failed }: MessageScenario): void {
  expectEqual(failed, [], 'the errors')
  expectEqual(sorted(acknowledged), sent, 'the acknowledged payloads')
}

function expectNothingLeft({ broker }: MessageScenario): void {
  const messagesLeft = broker
    .sessions()
    .flatMap(({ unacknowledged, queued }) => [...unacknowledged, ...queued])
  expectEqual(messagesLeft, [], 'the messages left at the broker')
}

/** Faults that keep every session, and every packet in order. */
const orderedFaults = scenarios('xrikbdunysfwl')
/** Faults that keep every session. */
const lossyFaults = scenarios('xrikbdunysfwlvo')
/** All faults that do not close a link. */
const anyFaults = scenarios('xrikbdunysfwlvocXIBD')

function expectReceivesAfterFaults(scenario: Scenario, session: object): void {
  const run = playScenario(scenario, 1, session)
  expectAllAcknowledged(run)
  const before = run.received.length
  run.broker.publish({ topic: 't', payload: toUtf8('after') })
  run.runFor(1_000)
  expectEqual(run.received.slice(before).map(textOf), ['after'], 'the payloads after the faults')
}

/** The properties of messages under any faults of the connections. */
export const messageProperties: readonly FaultProperty[] = [
  faultProperty('QoS 1 delivers every message at least once, in order', orderedFaults, (scenario) => {
    const run = playScenario(scenario, 1)
    expectAllAcknowledged(run)
    expectEqual(firstTimes(run.received), sent, 'the received payloads without duplicates')
    expectNothingLeft(run)
  }),
  faultProperty('QoS 2 delivers every message once, in order', orderedFaults, (scenario) => {
    const run = playScenario(scenario, 2)
    expectAllAcknowledged(run)
    expectEqual(run.received.map(textOf), sent, 'the received payloads')
    expectNothingLeft(run)
  }),
  ...([1, 2] as const).map((qos) =>
    faultProperty(
      `QoS ${qos} delivers every message with lost and reordered packets`,
      lossyFaults,
      (scenario) => {
        const run = playScenario(scenario, qos)
        expectAllAcknowledged(run)
        expectEqual(sorted(firstTimes(run.received)), sent, 'the received payloads')
      },
    ),
  ),
  faultProperty('a receiver with clean sessions receives messages after the faults', anyFaults, (scenario) =>
    expectReceivesAfterFaults(scenario, { clean: true }),
  ),
  faultProperty(
    'a receiver with a persistent session receives messages after the faults',
    anyFaults,
    (scenario) => expectReceivesAfterFaults(scenario, persistentSession),
  ),
  faultProperty('the same seed gives the same run', anyFaults, (scenario) => {
    const [first, second] = [playScenario(scenario, 1), playScenario(scenario, 1)]
    expectEqual(first.received, second.received, 'the received payloads')
    expectEqual(first.broker.counts(), second.broker.counts(), 'the broker counts')
  }),
]
