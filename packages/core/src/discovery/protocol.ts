import type { Codec } from '../codec/codec.js'
import { json } from '../codec/json.js'
import { payloadField } from '../correlation/payload-field.js'
import { endpoint, type Endpoint } from '../endpoint.js'
import type { EndpointTypes } from '../endpoint-types.js'
import { numberRule, pickOptions, violationOf, type OptionRule, type OptionRules } from '../option-rules.js'
import { validateString } from '../topic/mqtt-string.js'
import type { EndpointInfo, EndpointStats, ServiceInfo, ServicePing, ServiceStats } from './service.js'

/** What a service is queried for. */
export type Verb = 'ping' | 'info' | 'stats'

/** The largest message of discovery that is read, in bytes. */
export const MAX_DISCOVERY_BYTES = 65_536

/** A message of discovery, of which `readService` checks the rest. */
export interface DiscoveryMessage {
  readonly id?: string
}

const codec: Codec<DiscoveryMessage> = json.unchecked<DiscoveryMessage>({ maximumBytes: MAX_DISCOVERY_BYTES })

/** What a service sends when it starts and when it stops. */
export const announcements: Codec<unknown> = json.unchecked({ maximumBytes: MAX_DISCOVERY_BYTES })

/** Returns the topic of announcements. */
export const announcementTopic = (prefix: string): string => `${prefix}/announcements`

/** The types of an endpoint of discovery, whose parameters depend on its width. */
interface DiscoveryTypes extends EndpointTypes {
  readonly params: Readonly<Record<string, string>>
  readonly requestInput: object
  readonly request: object
  readonly responseInput: object
  readonly response: object
  readonly kind: 'one'
}

/** An endpoint of discovery. */
export type DiscoveryEndpoint = Endpoint<DiscoveryTypes>

/** The endpoints of discovery for all services, for those of a name, and for one instance. */
export interface DiscoveryEndpoints {
  readonly all: DiscoveryEndpoint
  readonly byName: DiscoveryEndpoint
  readonly byInstance: DiscoveryEndpoint
}

/** Returns the endpoints of discovery under a prefix. */
export function discoveryEndpoints(prefix: string): DiscoveryEndpoints {
  return {
    all: discoveryEndpoint(prefix, ''),
    byName: discoveryEndpoint(prefix, '/{name}'),
    byInstance: discoveryEndpoint(prefix, '/{name}/{instanceId}'),
  }
}

/** The response topic follows from the request topic, and the token is in the payload, so that MQTT 3.1.1 suffices. */
function discoveryEndpoint(prefix: string, width: string): DiscoveryEndpoint {
  const topic: string = `${prefix}/{verb}/{requester}${width}`
  const responseTopic: string = `${prefix}/{requester}`
  return endpoint({
    name: 'discovery',
    topic,
    responseTopic,
    request: codec,
    response: codec,
    correlation: payloadField('id'),
    cancel: 'local',
  })
}

const levelRule: OptionRule = (value) => {
  if (typeof value !== 'string' || value === '') return 'it must be a text that is not empty'
  return /[/+#]/.test(value) ? 'it must not contain /, + or #' : validateString(value)
}

const countRule = numberRule(0)

/** The rules of a ping. Its name and instance id are levels of topics. */
export const pingRules: OptionRules<ServicePing> = {
  name: levelRule,
  instanceId: levelRule,
  version: 'string',
}

const textsRule: OptionRule = (value) =>
  Array.isArray(value) && value.every((text) => typeof text === 'string') ? undefined : 'it must be texts'

const endpointInfoRules: OptionRules<EndpointInfo> = {
  name: 'string',
  topic: 'string',
  responses: ['one', 'many'],
  requestTypes: textsRule,
  responseTypes: textsRule,
  group: 'string',
  schemaDigest: 'string',
  metadata: 'object',
}

const endpointStatsRules: OptionRules<EndpointStats> = {
  name: 'string',
  requests: countRule,
  errors: countRule,
  lastError: { at: numberRule(-Infinity), message: 'string' },
  processing: { count: countRule, p50: countRule, p90: countRule, p99: countRule },
}

const infoRules: OptionRules<ServiceInfo> = {
  ...pingRules,
  description: 'string',
  metadata: 'object',
  endpoints: listOf(endpointInfoRules),
}

const statsRules: OptionRules<ServiceStats> = {
  ...pingRules,
  startedAt: numberRule(-Infinity),
  endpoints: listOf(endpointStatsRules),
}

/** The rules of the parts of an object, by name. */
type PartRules = Readonly<Record<string, OptionRule>>

const OPTIONAL: ReadonlySet<string> = new Set([
  'description',
  'metadata',
  'group',
  'schemaDigest',
  'lastError',
])

function listOf(rules: PartRules): OptionRule {
  return (value) => {
    if (!Array.isArray(value)) return 'it must be an array'
    for (const [index, item] of value.entries()) {
      const fault = faultOf(item, rules)
      if (fault !== undefined) return `[${index}]${fault}`
    }
    return undefined
  }
}

function faultOf(value: unknown, rules: PartRules): string | undefined {
  if (typeof value !== 'object' || value === null) return ' must be an object'
  const known = pickOptions(value, rules)
  const missing = Object.keys(rules).find((name) => !(name in known) && !OPTIONAL.has(name))
  return missing === undefined ? violationOf(rules, known, undefined) : `.${missing} is missing`
}

/** The response to each verb. */
export interface ServiceResponses {
  readonly ping: ServicePing
  readonly info: ServiceInfo
  readonly stats: ServiceStats
}

const RULES: Readonly<Record<Verb, PartRules>> = {
  ping: pingRules,
  info: infoRules,
  stats: statsRules,
}

/** Whether the last but one level of a request's topic is a verb. */
export function isVerb(text: unknown): text is Verb {
  return typeof text === 'string' && Object.hasOwn(RULES, text)
}

/** Reads what a service, or any other client, has sent. Returns the fault, or the response without further properties. */
export function readService<V extends Verb>(
  verb: V,
  value: unknown,
): { readonly fault: string } | { readonly service: ServiceResponses[V] } {
  const fault = faultOf(value, RULES[verb])
  if (fault !== undefined) return { fault: `it is not the response to ${verb}: ${fault.trimStart()}` }
  return { service: pickOptions(value as object, RULES[verb]) as Partial<object> as ServiceResponses[V] }
}

/** Returns the key of an instance. A topic level contains no slash. */
export function instanceKey({ name, instanceId }: Pick<ServicePing, 'name' | 'instanceId'>): string {
  return `${name}/${instanceId}`
}
