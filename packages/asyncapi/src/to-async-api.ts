import { correlationData, type Codec, type Endpoint } from '@antiphon/core'
import { invalidArgument, requireArgument, type OptionRules } from '@antiphon/core/link'
import { codecSchema, formatsOf } from './codec-schema.js'
import { extension } from './io-ts-schema.js'
import { withoutUndefined, type Json, type JsonObject } from './json.js'
import { requireDistinct } from './require-distinct.js'
import { shareSchemas, type SharedSchemas } from './share-schemas.js'

/** What a document says about itself. */
export interface DocumentInfo {
  readonly title: string
  /** The version of the contract, for example 1.2.0. */
  readonly version: string
  readonly description?: string
  /** The QoS of requests and responses, for the MQTT bindings. @defaultValue 1 */
  readonly qos?: 0 | 1 | 2
}

const infoRules: OptionRules<DocumentInfo> = {
  title: 'string',
  version: 'string',
  description: 'string',
  qos: [0, 1, 2],
}

const bindingVersion = '0.2.0'

/**
 * Returns the AsyncAPI 3.1 document of a module of endpoints, from the responder's point of view. Exports of the module that
 * are not endpoints are ignored. Equal endpoints give equal documents, to the byte.
 *
 * What AsyncAPI cannot say is under `x-antiphon`. Throws `invalid-argument` if there is no endpoint, or if two of them have
 * the same topic.
 *
 * @example
 * ```ts
 * import * as endpoints from './endpoints.js'
 * const document = toAsyncApi(endpoints, { title: 'Car', version: '1.0.0' })
 * ```
 */
export function toAsyncApi(endpoints: Readonly<Record<string, unknown>>, info: DocumentInfo): JsonObject {
  requireArgument('info', info, infoRules)
  const entries = Object.entries(endpoints).filter((entry): entry is [string, Endpoint] =>
    isEndpoint(entry[1]),
  )
  if (entries.length === 0)
    throw invalidArgument('endpoints has no endpoint: pass a module that exports some')
  requireDistinct(entries, (name, rule) => invalidArgument(`endpoints.${name}: ${rule}`))

  const { qos = 1, title, version, description } = info
  const described = entries.map(([name, endpoint]) => describe(name, endpoint))
  const shared = shareSchemas(
    described.flatMap(({ request, response }) =>
      [...request, ...response].flatMap(({ schema }) => (schema === undefined ? [] : [schema])),
    ),
  )
  return withoutUndefined({
    asyncapi: '3.1.0',
    info: withoutUndefined({ title, version, description }),
    channels: Object.fromEntries(described.flatMap((one) => channelsOf(one, shared))),
    operations: Object.fromEntries(described.map((one) => [one.name, operationOf(one, qos)])),
    components: Object.keys(shared.schemas).length === 0 ? undefined : { schemas: shared.schemas },
  })
}

/** Whether a value is an endpoint, also of another copy of core. */
function isEndpoint(value: unknown): value is Endpoint {
  const { topic, request, response, correlation } = (value ?? {}) as Partial<Endpoint>
  return (
    typeof topic?.template === 'string' &&
    [request?.encode, response?.encode, correlation?.tokenOf].every((member) => typeof member === 'function')
  )
}

/** One format of a request or response. */
interface Format {
  readonly key: string
  readonly codec: Codec<unknown>
  readonly schema: JsonObject | undefined
}

interface Described {
  readonly name: string
  readonly endpoint: Endpoint
  readonly request: readonly Format[]
  readonly response: readonly Format[]
}

function describe(name: string, endpoint: Endpoint): Described {
  const formats = (key: string, codec: Codec<unknown>): readonly Format[] =>
    formatsOf(codec).map((format, index) => ({
      key: index === 0 ? key : `${key}${index + 1}`,
      codec: format,
      schema: codecSchema(format),
    }))
  return {
    name,
    endpoint,
    request: formats('request', endpoint.request),
    response: formats('response', endpoint.response),
  }
}

function channelsOf(
  { name, endpoint, request, response }: Described,
  shared: SharedSchemas,
): readonly (readonly [string, JsonObject])[] {
  const { topic, responseTopic } = endpoint
  const correlationId = correlationIdOf(endpoint)
  const messagesOf = (formats: readonly Format[], title: string): JsonObject =>
    Object.fromEntries(
      formats.map(({ key, codec, schema }) => [
        key,
        withoutUndefined({
          name: title,
          contentType: codec.contentType,
          payload: schema && shared.refer(schema),
          correlationId,
          bindings: { mqtt: { payloadFormatIndicator: codec.isText ? 1 : 0, bindingVersion } },
        }),
      ]),
    )
  const requestChannel = channelOf(topic.template, messagesOf(request, `${name}Request`))
  const responseMessages = messagesOf(response, `${name}Response`)
  return [
    [name, requestChannel],
    [
      `${name}Response`,
      responseTopic === undefined
        ? { address: null, messages: responseMessages }
        : channelOf(responseTopic.template, responseMessages),
    ],
  ]
}

function channelOf(template: string, messages: JsonObject): JsonObject {
  const names = [...template.matchAll(/\{([^}]*?)(\.\.\.)?\}/g)]
  return withoutUndefined({
    address: template.replaceAll('...}', '}'),
    messages,
    parameters:
      names.length === 0
        ? undefined
        : Object.fromEntries(
            names.map(([, name = '', rest]) => [
              name,
              rest === undefined ? {} : { [extension]: { levels: 'many' } },
            ]),
          ),
  })
}

function correlationIdOf({ correlation }: Endpoint): JsonObject | undefined {
  const field = (correlation as { readonly field?: string }).field
  if (field !== undefined) return { location: `$message.payload#/${field}` }
  return correlation.name === 'correlationData' ? { location: '$message.header#/correlationData' } : undefined
}

function operationOf({ name, endpoint, request, response }: Described, qos: number): JsonObject {
  const refer =
    (channel: string) =>
    ({ key }: Format): JsonObject => ({
      $ref: `#/channels/${channel}/messages/${key}`,
    })
  const { responseTopic } = endpoint
  return {
    action: 'receive',
    channel: { $ref: `#/channels/${name}` },
    messages: request.map(refer(name)),
    reply: withoutUndefined({
      address: responseTopic === undefined ? { location: '$message.header#/responseTopic' } : undefined,
      channel: { $ref: `#/channels/${name}Response` },
      messages: response.map(refer(`${name}Response`)),
    }),
    bindings: { mqtt: { qos, bindingVersion } },
    [extension]: extensionOf(endpoint),
  }
}

/** Returns what AsyncAPI cannot say about an endpoint. */
function extensionOf(endpoint: Endpoint): JsonObject {
  const { name, topic, responseTopic, requests, responses, cancel, acceptsNotifications, correlation } =
    endpoint
  const isBytes = correlation === correlationData({ format: 'bytes' })
  const field = (correlation as { readonly field?: string }).field
  const style: Json = field === undefined ? correlation.name : { payloadField: field }
  return withoutUndefined({
    name: name === topic.template ? undefined : name,
    requests: requests === 'many' ? requests : undefined,
    responses,
    correlation: isBytes ? { correlationData: 'bytes' } : style,
    cancel,
    acceptsNotifications: acceptsNotifications ? true : undefined,
    responseFilter:
      responseTopic === undefined || responseTopic.filter === responseTopic.template
        ? undefined
        : responseTopic.filter,
  })
}
