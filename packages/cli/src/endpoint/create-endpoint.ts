import {
  correlationData,
  endpoint,
  inOrder,
  json,
  payloadField,
  topicParams,
  type Codec,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import type { CorrelationFlags, CorrelationName, DialectName } from '../flags/correlation-flags.js'
import { parseData } from '../payload/formats.js'
import { payloadCodec } from '../payload/payload.js'
import { usageError } from '../usage-error.js'
import type { CommandEndpoint } from '../dialects/command-endpoint.js'
import { loadDialect } from '../dialects/load-dialect.js'

/** What an endpoint of the command line is made of. */
export interface EndpointParts {
  readonly topic: string
  /** The Content Type of requests. */
  readonly contentType?: string | undefined
  readonly isStream: boolean
  readonly acceptsNotifications?: boolean
  /** Whether the command responds. @defaultValue false */
  readonly isResponder?: boolean
  readonly flags: CorrelationFlags
}

/** Creates the endpoint of a topic. Its values are payloads, or data if the correlation is a field of the payload. */
export async function createEndpoint({
  topic,
  contentType,
  isStream,
  flags,
  ...others
}: EndpointParts): Promise<CommandEndpoint> {
  const { correlation: name = 'data', responseTopic, dialect } = flags
  const { acceptsNotifications = false, isResponder = false } = others
  if (dialect !== undefined) {
    if (flags.correlation !== undefined)
      throw usageError('--dialect says how responses are matched: leave out --correlation')
    if (responseTopic !== undefined && !namesResponseTopic(dialect))
      throw usageError(`--dialect ${dialect} says where responses arrive: leave out --response-topic`)
    const createDialectEndpoint = await loadDialect(dialect)
    const request = lenientJson
    return createDialectEndpoint({
      ...{ name: dialect, topic, responseTopic, request, contentType, isResponder, acceptsNotifications },
    })
  }
  const isOnTopic = name !== 'data' && name !== 'bytes'
  if (isOnTopic && responseTopic === undefined)
    throw usageError(`--correlation ${name} needs the topic of the responses: set --response-topic`)
  const codec = name.startsWith('payload:') ? lenientJson : payloadCodec()
  return endpoint({
    topic,
    request: codec === lenientJson ? codec : payloadCodec(contentType),
    response: codec,
    correlation: correlationOf(name),
    responses: isStream ? 'many' : 'one',
    acceptsNotifications,
    // With Correlation Data, each requester names its own response topic.
    ...(isOnTopic && responseTopic !== undefined && { responseTopic }),
  })
}

/** Whether requests of a dialect name the topic of their response. */
function namesResponseTopic(dialect: DialectName): boolean {
  return dialect === 'shelly' || dialect === 'azure-iot-operations'
}

/** Whether the values of an endpoint are data instead of bytes. */
export function hasDataValues({ request }: Endpoint): boolean {
  return request === lenientJson
}

/** Returns the value of a request with a payload, for an endpoint of `createEndpoint`. */
export function valueOf(endpoint: CommandEndpoint, bytes: Uint8Array): unknown {
  if (!hasDataValues(endpoint)) return bytes
  const { name, framing } = endpoint
  if (framing !== undefined) return framing.toSent(name, bytes.length === 0 ? undefined : parseData(bytes))
  // The correlation adds its token to an object.
  return bytes.length === 0 ? {} : parseData(bytes)
}

/** Returns the topic of requests, as it is printed: with the names of parameters that the library creates for each request. */
export function printedTopic({ topic, correlation }: Endpoint, params: TopicParams): string {
  const created = (correlation.createdParams ?? []).map((name) => [name, `{${name}}`] as const)
  return topic.format({ ...Object.fromEntries(created), ...params })
}

type TopicParams = Readonly<Record<string, string>>

/** Peers that put the token into the payload often send no Content Type, or a wrong one. */
const lenientJson: Codec<unknown> = { ...json.unchecked<unknown>(), accepts: () => true }

function correlationOf(name: CorrelationName): Correlation {
  switch (name) {
    case 'data':
      return correlationData()
    case 'bytes':
      return correlationData({ format: 'bytes' })
    case 'topic':
      return topicParams()
    case 'in-order':
      return inOrder()
    default:
      return payloadField(name.slice('payload:'.length))
  }
}
