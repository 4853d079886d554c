import { contestants } from '../entrants.js'
import { antiphon, byHand } from '../names.js'
import type { BrokerKind } from '../processes/broker.js'
import { startPair, warmUp, type Pair } from '../processes/pair.js'
import type { Form } from '../peers/unary.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'

/** A row of single requests. */
interface Call {
  readonly inFlight: number
  readonly bytes?: number
  readonly form?: Form
  readonly without?: readonly string[]
}

const smallest = 32
const windows = [1, 16, 64, 256, 1_024, 10_000]
const about =
  'Each contestant has its requester and its responder in processes of their own, at a broker of its own.'

/** Single requests and their answers, over the brokers, qualities of service, windows and payloads. */
export function unary(settings: Settings): AnyScenario[] {
  if (settings.isShort) {
    const calls = [1, 64, 1_024].map((inFlight): Call => ({ inFlight, without: ['Map, no JSON'] }))
    return [talks(settings, settings.broker, 0, calls), talks(settings, settings.broker, 1, calls)]
  }
  const sweep = windows.map((inFlight) => ({ inFlight }))
  const few = [1, 64, 1_024].map((inFlight) => ({ inFlight }))
  const large = [1_024, 65_536].map((bytes) => ({ inFlight: 64, bytes }))
  // Only these two have a second form, or none that is worth a row of its own.
  const others = contestants.map(({ name }) => name).filter((name) => name !== antiphon && name !== byHand)
  const promised = [64, 256].map((inFlight): Call => ({ inFlight, form: 'promise', without: others }))
  return [
    talks(settings, 'mosquitto', 0, sweep),
    talks(settings, 'mosquitto', 1, [...sweep, ...large, ...promised]),
    talks(settings, 'mosquitto', 2, sweep),
    talks(settings, 'mosquitto as it comes', 1, [{ inFlight: 64 }]),
    talks(settings, 'mosquitto as it comes', 2, [{ inFlight: 64 }]),
    talks(settings, 'embedded', 0, few),
    talks(settings, 'embedded', 1, few),
  ]
}

function talks(
  { milliseconds, isForeignWanted, isShort, profile }: Settings,
  broker: BrokerKind,
  qos: 0 | 1 | 2,
  calls: readonly Call[],
): AnyScenario {
  const entrants = contestants.filter(
    (each) =>
      each.qos.includes(qos) &&
      (isForeignWanted || !each.isForeign) &&
      (broker === 'mosquitto' || each.isNeighbour !== true),
  )
  return scenario<Pair>({
    section: 'Single requests',
    about,
    contestants: entrants.map(({ name }) => name),
    start: (name) => startPair({ requester: name, responder: name, broker, qos, ...profile }),
    warm: (pair) => warmUp(pair, broker === 'mosquitto as it comes' ? 8 : 256, isShort ? 500 : undefined),
    stop: (pair) => pair.stop(),
    rows: calls.map(({ inFlight, bytes = smallest, form = 'plain', without = [] }): Row<Pair> => ({
      title: titleOf({ broker, qos, inFlight, bytes, form }),
      facts: { kind: 'unary', broker, qos, inFlight, bytes, form },
      without,
      seconds: (milliseconds + inFlight / 5) / 1_000 + bytes / 100_000,
      measure: (pair) => pair.slice({ inFlight, milliseconds, bytes, form }),
    })),
  })
}

function titleOf(call: {
  readonly broker: BrokerKind
  readonly qos: number
  readonly inFlight: number
  readonly bytes: number
  readonly form: Form
}): string {
  return [
    ...(call.broker === 'mosquitto' ? [] : [call.broker]),
    `QoS ${call.qos}`,
    `${call.inFlight.toLocaleString('en')} in flight`,
    ...(call.bytes === smallest ? [] : [`${call.bytes / 1_024} KiB`]),
    ...(call.form === 'plain' ? [] : ['by promise']),
  ].join(', ')
}
