import { contestants, isVariant } from '../contestants.js'
import { antiphon, byHand, floor } from '../names.js'
import type { BrokerKind } from '../processes/broker.js'
import { startUnaryPair, warmUpForAll, type UnaryPair } from './unary-pair.js'
import type { Form } from '../peers/unary.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'

/** A row of single requests. */
interface UnaryRow {
  readonly inFlight: number
  readonly bytes?: number
  readonly form?: Form
  readonly excluded?: readonly string[]
}

const smallest = 32
const inFlightCounts = [1, 16, 64, 256, 1_024, 10_000]
const about =
  'Each contestant has its requester and its responder in separate processes, with its own broker.'

/** Measures single requests over brokers, QoS, requests in flight and payload sizes. */
export function unary(settings: Settings): AnyScenario[] {
  if (settings.isShort) {
    const rows = [1, 64, 1_024].map((inFlight): UnaryRow => ({ inFlight, excluded: ['Map, no JSON'] }))
    return [
      unaryScenario(settings, settings.broker, 0, rows),
      unaryScenario(settings, settings.broker, 1, rows),
    ]
  }
  const sweep = inFlightCounts.map((inFlight) => ({ inFlight }))
  const few = [1, 64, 1_024].map((inFlight) => ({ inFlight }))
  const large = [1_024, 65_536].map((bytes) => ({ inFlight: 64, bytes }))
  // The other contestants have only one form.
  const others = contestants.map(({ name }) => name).filter((name) => name !== antiphon && name !== byHand)
  const promised = [64, 256].map((inFlight): UnaryRow => ({ inFlight, form: 'promise', excluded: others }))
  return [
    unaryScenario(settings, 'mosquitto', 0, sweep),
    unaryScenario(settings, 'mosquitto', 1, [...sweep, ...large, ...promised]),
    unaryScenario(settings, 'mosquitto', 2, sweep),
    unaryScenario(settings, 'mosquitto defaults', 1, [{ inFlight: 64 }]),
    unaryScenario(settings, 'mosquitto defaults', 2, [{ inFlight: 64 }]),
    unaryScenario(settings, 'embedded', 0, few),
    unaryScenario(settings, 'embedded', 1, few),
  ]
}

function unaryScenario(
  { milliseconds, includesForeign, isShort, profile }: Settings,
  broker: BrokerKind,
  qos: 0 | 1 | 2,
  rows: readonly UnaryRow[],
): AnyScenario {
  const participants = contestants.filter(
    (contestant) =>
      !isVariant(contestant.name) &&
      contestant.qos.includes(qos) &&
      (includesForeign || !contestant.isForeign) &&
      (broker === 'mosquitto' ? contestant.broker !== 'none' : contestant.broker === undefined) &&
      (broker !== 'mosquitto defaults' || contestant.name !== floor),
  )
  return scenario<UnaryPair>({
    section: 'Single requests',
    about,
    contestants: participants.map(({ name }) => name),
    start: (name) => startUnaryPair({ requester: name, responder: name, broker, qos, ...profile }),
    warm: (pair) => warmUpForAll(pair, broker === 'mosquitto defaults' ? 8 : 256, { isShort }),
    stop: (pair) => pair.stop(),
    rows: rows.map(({ inFlight, bytes = smallest, form = 'plain', excluded = [] }): Row<UnaryPair> => ({
      title: titleOf({ broker, qos, inFlight, bytes, form }),
      facts: { kind: 'unary', broker, qos, inFlight, bytes, form },
      excluded,
      seconds: (milliseconds + inFlight / 5) / 1_000 + bytes / 100_000,
      measure: (pair) => pair.slice({ inFlight, milliseconds, bytes, form }),
    })),
  })
}

function titleOf(row: {
  readonly broker: BrokerKind
  readonly qos: number
  readonly inFlight: number
  readonly bytes: number
  readonly form: Form
}): string {
  return [
    ...(row.broker === 'mosquitto' ? [] : [row.broker]),
    `QoS ${row.qos}`,
    `${row.inFlight.toLocaleString('en')} in flight`,
    ...(row.bytes === smallest ? [] : [`${row.bytes / 1_024} KiB`]),
    ...(row.form === 'plain' ? [] : ['by promise']),
  ].join(', ')
}
