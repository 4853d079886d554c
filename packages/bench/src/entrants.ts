import { inContestants, installedVersion, natsVersion } from './processes/install.js'
import { peerFile } from './processes/bundle.js'
import { antiphon, byHand } from './names.js'
import type { Entrant } from './result.js'

/** A contestant: the program of its peers, and what it can do. */
export interface Contestant {
  readonly name: string
  readonly about: string
  readonly file: () => string
  readonly version: () => string
  /** Which qualities of service its requests can have. */
  readonly qos: readonly (0 | 1 | 2)[]
  /** It speaks another protocol, over a server of its own. */
  readonly isNeighbour?: boolean
  /** It is installed by the benchmark. */
  readonly isForeign: boolean
}

const any = [0, 1, 2] as const

/** Everybody, the measured one first and the one to measure against second. */
export const contestants: readonly Contestant[] = [
  {
    name: antiphon,
    about: 'this library: request$ on one side, requests$ and serve on the other',
    file: () => peerFile('antiphon'),
    version: () => 'this checkout',
    qos: any,
    isForeign: false,
  },
  {
    name: byHand,
    about:
      'written by hand: MQTT.js, a Map, the same JSON codec, no timeouts, no retries, no duplicates known',
    file: () => peerFile('by-hand'),
    version: () => 'MQTT.js of the workspace',
    qos: any,
    isForeign: false,
  },
  {
    name: 'Map, no JSON',
    about: 'the same, handing bytes on unread',
    file: () => peerFile('by-hand'),
    version: () => 'MQTT.js of the workspace',
    qos: any,
    isForeign: false,
  },
  {
    name: 'NestJS',
    about: 'microservices over MQTT, a controller and a ClientMqtt; its answers always come at QoS 0',
    file: () => inContestants('nestjs.mjs'),
    version: () => installedVersion('@nestjs/microservices'),
    qos: any,
    isForeign: true,
  },
  {
    name: 'moleculer',
    about: 'broker.call over its MQTT transporter',
    file: () => inContestants('moleculer.mjs'),
    version: () => installedVersion('moleculer'),
    qos: any,
    isForeign: true,
  },
  {
    name: 'aws-crt',
    about: "the AWS runtime's MQTT 5 client with a Map and the same JSON codec; it has no QoS 2",
    file: () => inContestants('aws-crt.mjs'),
    version: () => installedVersion('aws-crt'),
    qos: [0, 1],
    isForeign: true,
  },
  {
    name: 'nats.js',
    about: 'the neighbour protocol, on nats-server, with the same JSON codec; at most once, as QoS 0 is',
    file: () => inContestants('nats.mjs'),
    version: () => `${installedVersion('@nats-io/transport-node')} on nats-server ${natsVersion()}`,
    qos: [0],
    isNeighbour: true,
    isForeign: true,
  },
]

/** The contestant of that name. */
export function contestantNamed(name: string): Contestant {
  const found = contestants.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no contestant is named ${name}`)
  return found
}

/** How a contestant is told of in a report. */
export function toEntrant({ name, about, version }: Contestant): Entrant {
  return { name, about, version: version() }
}
