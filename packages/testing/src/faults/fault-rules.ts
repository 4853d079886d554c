import {
  invalidArgument,
  numberRule,
  type OptionRule,
  requireArgument,
  wholeNumberRule,
} from '@antiphon/core/link'
import type { PacketType } from '../connection/packet.js'
import type { Fault } from './fault.js'

/** The packet types; the record has each of them, which the type checks. */
const packetTypes: Readonly<Record<PacketType, true>> = {
  connect: true,
  connack: true,
  publish: true,
  puback: true,
  pubrec: true,
  pubrel: true,
  pubcomp: true,
  subscribe: true,
  suback: true,
  unsubscribe: true,
  unsuback: true,
  disconnect: true,
}

const packetsRule: OptionRule = (value) =>
  Array.isArray(value) && value.every((type) => Object.hasOwn(packetTypes, String(type)))
    ? undefined
    : `it must be an array of packet types: ${Object.keys(packetTypes).join(', ')}`

const clientId = 'string'
const filter = 'string'
const by = numberRule(0)
const session = ['keep', 'lose']
const sessions = session
const reasonCode = wholeNumberRule(0, 255)

const packetChoice = {
  clientId,
  direction: ['to-client', 'from-client'],
  packets: packetsRule,
  topic: 'string',
  times: wholeNumberRule(1),
  probability: numberRule(0, 1),
} as const

/** The rules of the properties of a fault, and the names of those without a default. */
interface FaultRules {
  readonly optional?: Readonly<Record<string, OptionRule>>
  readonly required?: Readonly<Record<string, OptionRule>>
}

const rulesByKind: { readonly [Kind in Fault['kind']]: FaultRules } = {
  drop: { optional: packetChoice },
  duplicate: { optional: packetChoice },
  delay: { optional: packetChoice, required: { by } },
  reorder: { optional: { ...packetChoice, by } },
  corrupt: { optional: packetChoice },
  malform: { optional: packetChoice },
  cut: { optional: { clientId, session } },
  restore: { optional: { clientId } },
  disconnect: { optional: { clientId, session, reasonCode } },
  down: { optional: { sessions } },
  restart: { optional: { sessions } },
  up: {},
  'refuse-connect': { optional: { clientId }, required: { reasonCode } },
  'allow-connect': { optional: { clientId } },
  'refuse-subscribe': { required: { filter, reasonCode } },
  'refuse-publish': { required: { filter, reasonCode } },
  slow: { optional: { clientId }, required: { by } },
  fast: { optional: { clientId } },
  heal: {},
}

/** Throws `invalid-argument` if a property of a fault is invalid, not known or missing. */
export function requireFault(fault: Fault): void {
  const kinds = Object.keys(rulesByKind)
  const { kind } = { ...fault }
  if (!kinds.includes(kind))
    throw invalidArgument(`fault.kind is ${String(kind)}: it must be ${kinds.join(', ')}`)
  const { optional = {}, required = {} } = rulesByKind[kind]
  requireArgument('fault', fault, { kind: kinds, ...optional, ...required })
  for (const name of Object.keys(required)) {
    if (fault[name as keyof Fault] === undefined) throw invalidArgument(`fault.${name} is missing`)
  }
}
