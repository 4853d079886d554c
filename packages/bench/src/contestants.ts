import { contestantsPath, installedVersion, natsVersion } from './processes/install.js'
import { peerFile } from './processes/bundle.js'
import { antiphon, byHand, checkedAntiphon, floor, observedAntiphon } from './names.js'
import type { ContestantInfo } from './result.js'

/** A contestant: the program of its peers, and its abilities. */
export interface Contestant {
  readonly name: string
  readonly about: string
  readonly file: () => string
  readonly version: () => string
  /** The QoS that its requests can have. */
  readonly qos: readonly (0 | 1 | 2)[]
  /** Its broker, if it does not use MQTT; `none` if its requesters connect to its responder. */
  readonly broker?: 'nats' | 'none'
  /** Whether the benchmark installs it from npm. */
  readonly isForeign: boolean
}

/** Returns whether a contestant is this library with an option that only one section measures. */
export function isVariant(name: string): boolean {
  return name === observedAntiphon || name === checkedAntiphon
}

const allQos = [0, 1, 2] as const

/** All contestants: Antiphon first, the one that it is compared with second. */
export const contestants: readonly Contestant[] = [
  {
    name: antiphon,
    about: 'this library: request$ in the requester, requests$ and serve in the responder',
    file: () => peerFile('antiphon'),
    version: () => 'this checkout',
    qos: allQos,
    isForeign: false,
  },
  {
    name: observedAntiphon,
    about: 'the same with `observed` on both links; in the section on events only',
    file: () => peerFile('antiphon-observed'),
    version: () => 'this checkout',
    qos: [0],
    isForeign: false,
  },
  {
    name: checkedAntiphon,
    about:
      'the same with `onResponse`, `expectedResponder` and `authenticate`; in the section on optional checks only',
    file: () => peerFile('antiphon-checks'),
    version: () => 'this checkout',
    qos: [0],
    isForeign: false,
  },
  {
    name: byHand,
    about:
      'written by hand: MQTT.js, a Map, the same JSON codec, no timeouts, no retries, no duplicate detection',
    file: () => peerFile('by-hand'),
    version: () => 'MQTT.js of the workspace',
    qos: allQos,
    isForeign: false,
  },
  {
    name: 'Map, no JSON',
    about: 'the same without decoding the payload',
    file: () => peerFile('by-hand'),
    version: () => 'MQTT.js of the workspace',
    qos: allQos,
    isForeign: false,
  },
  {
    name: floor,
    about:
      'raw sockets, prebuilt packets, the same JSON codec, the least parsing that is correct; without QoS 2',
    file: () => peerFile('floor'),
    version: () => 'this checkout',
    qos: [0, 1],
    isForeign: false,
  },
  {
    name: 'NestJS',
    about: 'microservices over MQTT, a controller and a ClientMqtt; its responses always have QoS 0',
    file: () => contestantsPath('nestjs.mjs'),
    version: () => installedVersion('@nestjs/microservices'),
    qos: allQos,
    isForeign: true,
  },
  {
    name: 'moleculer',
    about: 'broker.call over its MQTT transporter',
    file: () => contestantsPath('moleculer.mjs'),
    version: () => installedVersion('moleculer'),
    qos: allQos,
    isForeign: true,
  },
  {
    name: 'aws-crt',
    about: "the AWS runtime's MQTT 5 client with a Map and the same JSON codec; without QoS 2",
    file: () => contestantsPath('aws-crt.mjs'),
    version: () => installedVersion('aws-crt'),
    qos: [0, 1],
    isForeign: true,
  },
  {
    name: 'nats.js',
    about: 'the NATS protocol, on nats-server, with the same JSON codec; at most once, like QoS 0',
    file: () => contestantsPath('nats.mjs'),
    version: () => `${installedVersion('@nats-io/transport-node')} on nats-server ${natsVersion()}`,
    qos: [0],
    broker: 'nats',
    isForeign: true,
  },
  {
    name: 'grpc-js',
    about: 'unary calls over HTTP/2 without a broker, with the same JSON codec; in the whole stacks only',
    file: () => contestantsPath('grpc.mjs'),
    version: () => installedVersion('@grpc/grpc-js'),
    qos: [0],
    broker: 'none',
    isForeign: true,
  },
  {
    name: 'fastify',
    about:
      'HTTP/1.1 with undici as client, without a broker, with the same JSON codec; in the whole stacks only',
    file: () => contestantsPath('fastify.mjs'),
    version: () => `${installedVersion('fastify')} with undici ${installedVersion('undici')}`,
    qos: [0],
    broker: 'none',
    isForeign: true,
  },
]

/** Returns the contestant with the given name. */
export function contestantNamed(name: string): Contestant {
  const contestant = contestants.find((candidate) => candidate.name === name)
  if (contestant === undefined) throw new Error(`unknown contestant ${name}`)
  return contestant
}

/** Returns the description of a contestant for the report. */
export function toContestantInfo({ name, about, version }: Contestant): ContestantInfo {
  return { name, about, version: version() }
}
