import { contestantNamed } from '../contestants.js'
import { antiphon, byHand } from '../names.js'
import type { BrokerKind } from '../processes/broker.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startUnaryPair, warmUpForAll, type UnaryPair } from './unary-pair.js'

/** A client library with the server that it is used with, if any. */
interface Stack {
  readonly name: string
  readonly contestant: string
  readonly broker: BrokerKind
}

const all: readonly Stack[] = [
  { name: antiphon, contestant: antiphon, broker: 'embedded' },
  { name: byHand, contestant: byHand, broker: 'mosquitto' },
  { name: 'Map, own broker', contestant: byHand, broker: 'embedded' },
  { name: 'nats.js', contestant: 'nats.js', broker: 'nats' },
  { name: 'grpc-js', contestant: 'grpc-js', broker: 'none' },
  { name: 'fastify', contestant: 'fastify', broker: 'none' },
]

/** Measures single requests with everything that has to run for them: both ends, and the broker if there is one. */
export function stacks({ milliseconds, includesForeign, isShort, broker, profile }: Settings): AnyScenario[] {
  const isAvailable = ({ contestant, broker: own }: Stack): boolean =>
    (includesForeign || !contestantNamed(contestant).isForeign) && (own !== 'mosquitto' || broker === own)
  const participants = all.filter(isAvailable)
  const stackOf = (name: string): Stack | undefined => participants.find((stack) => stack.name === name)
  const inFlightCounts = isShort ? [64] : [1, 16, 64, 256, 1_024]
  return [
    scenario<UnaryPair>({
      section: 'Whole stacks',
      about:
        'QoS 0 or its counterpart, everything on one machine: Antiphon with @antiphon/broker, the Map with Mosquitto and with @antiphon/broker, nats.js with nats-server; grpc-js and fastify (with undici) need no broker.',
      contestants: participants.map(({ name }) => name),
      start: (name) => {
        const { contestant, broker: kind } = stackOf(name) ?? { contestant: name, broker }
        return startUnaryPair({
          requester: contestant,
          responder: contestant,
          broker: kind,
          qos: 0,
          ...profile,
        })
      },
      warm: (pair) => warmUpForAll(pair, 256, { isShort }),
      stop: (pair) => pair.stop(),
      rows: inFlightCounts.map((inFlight): Row<UnaryPair> => ({
        title: `whole stack, ${inFlight.toLocaleString('en')} in flight`,
        facts: { kind: 'stack', inFlight },
        seconds: (milliseconds + inFlight / 5) / 1_000,
        measure: async (pair) => withAll(await pair.slice({ inFlight, milliseconds, bytes: 32 })),
      })),
    }),
  ]
}

/** Adds the CPU of all processes. */
function withAll(sample: Sample): Sample {
  const { cpu, broker } = sample
  return cpu === undefined || broker === undefined ? sample : { all: cpu + broker, ...sample }
}
