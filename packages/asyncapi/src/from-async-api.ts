import {
  bytes,
  correlationData,
  endpoint,
  inOrder,
  json,
  oneOf,
  payloadField,
  text,
  topicParams,
  type Codec,
  type Correlation,
  type Endpoint,
  type SchemaCodec,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { acceptsMediaTypes } from '@antiphon/core/codec'
import { requireArgument, type OptionRules } from '@antiphon/core/link'
import { anyOf } from './any-of.js'
import { DocumentError } from './document-error.js'
import { unknownType } from './io-ts-schema.js'
import { isObject, type Json, type JsonObject } from './json.js'
import { jsonSchemaType } from './json-schema-type.js'
import { readOperations, type ReadMessage, type ReadOperation, type Unsupported } from './read-operations.js'
import { requireDistinct } from './require-distinct.js'
import type { DocumentInfo } from './to-async-api.js'

/** The options of `fromAsyncApi`. */
export interface FromAsyncApiOptions {
  /** The codecs of content types other than JSON and text: `{ 'application/cbor': cbor }`. */
  readonly codecs?: Readonly<Record<string, SchemaCodec>>
}

const optionRules: OptionRules<FromAsyncApiOptions> = { codecs: 'object' }

/** The endpoints of a document. */
export interface ReadContract {
  readonly info: DocumentInfo
  /** The endpoints by the names of their operations. */
  readonly endpoints: Readonly<Record<string, Endpoint>>
  /** The operations that are not requests with responses, or that this library cannot serve, with the reason. */
  readonly unsupported: readonly Unsupported[]
}

/**
 * Returns the endpoints of an AsyncAPI 3 document: one for each operation with a `reply`. Payloads are validated by their
 * JSON Schemas. Operations that cannot be endpoints are in `unsupported`, each with its JSON pointer and the reason.
 *
 * The document may come from anywhere: its size, depth and schemas are bounded, nothing is fetched, and patterns are matched
 * in linear time. Throws a `DocumentError` with the JSON pointer and the rule if the document is invalid.
 *
 * @example
 * ```ts
 * const { endpoints } = fromAsyncApi(JSON.parse(await readFile('car.json', 'utf8')))
 * ```
 */
export function fromAsyncApi(document: unknown, options: FromAsyncApiOptions = {}): ReadContract {
  requireArgument('options', options, optionRules)
  const { info, operations, unsupported } = readOperations(document)
  const refused = [...unsupported]
  const endpoints: [string, Endpoint][] = []
  for (const operation of operations) {
    try {
      endpoints.push([operation.name, toEndpoint(operation, options.codecs ?? {})])
    } catch (thrown) {
      if (thrown instanceof DocumentError) throw thrown
      refused.push({ pointer: operation.pointer, reason: reasonOf(thrown) })
    }
  }
  requireDistinct(endpoints, (name, rule) => new DocumentError(`#/operations/${name}/channel`, rule))
  return { info, endpoints: Object.fromEntries(endpoints), unsupported: refused }
}

function toEndpoint(operation: ReadOperation, codecs: Readonly<Record<string, SchemaCodec>>): Endpoint {
  const { name, address, replyAddress, extension: own } = operation
  const responseFilter = own?.['responseFilter']
  const contract = {
    topic: address,
    name: own === undefined ? name : typeof own['name'] === 'string' ? own['name'] : address,
    request: toCodec(operation.request, codecs),
    response: toCodec(operation.response, codecs),
    correlation: toCorrelation(operation),
    responses: own?.['responses'] === 'many' ? 'many' : 'one',
    cancel: own === undefined || own['cancel'] === 'local' ? 'local' : 'wire',
    acceptsNotifications: own?.['acceptsNotifications'] === true,
    ...(replyAddress === undefined ? {} : { responseTopic: replyAddress }),
    ...(typeof responseFilter === 'string' ? { responseFilter } : {}),
  } as const
  return own?.['requests'] === 'many' ? requestStreamEndpoint(contract) : endpoint(contract)
}

function toCorrelation({ extension: own, request }: ReadOperation): Correlation {
  const style: Json | undefined = own?.['correlation']
  if (style === 'topicParams') return topicParams()
  if (style === 'inOrder') return inOrder()
  if (isObject(style)) {
    const { payloadField: field } = style
    return typeof field === 'string' ? payloadField(field) : correlationData({ format: 'bytes' })
  }
  const field = /^\$message\.payload#\/([^/~]+)$/.exec(request[0]?.correlationId ?? '')?.[1]
  return field === undefined ? correlationData() : payloadField(field)
}

const isJson = acceptsMediaTypes({ types: ['application/json', 'text/json'], suffix: '+json' })
const isText = acceptsMediaTypes({ types: ['text/*'] })

function toCodec(
  messages: readonly ReadMessage[],
  codecs: Readonly<Record<string, SchemaCodec>>,
): Codec<unknown> {
  const byType = new Map<string, JsonObject[]>()
  for (const { contentType, schema } of messages) {
    byType.set(contentType, [...(byType.get(contentType) ?? []), schema])
  }
  const [first, ...others] = [...byType].map(([contentType, schemas]) =>
    formatCodec(contentType, schemas, codecs),
  )
  if (first === undefined) throw new TypeError('it has no message')
  return others.length === 0 ? first : oneOf(first, ...others)
}

function formatCodec(
  contentType: string,
  schemas: readonly JsonObject[],
  codecs: Readonly<Record<string, SchemaCodec>>,
): Codec<unknown> {
  const all = anyOf(schemas)
  const unknown = unknownType(all)
  if (unknown !== undefined)
    throw new TypeError(`its payload has the type ${unknown}, which JSON Schema does not describe`)
  const create = Object.hasOwn(codecs, contentType)
    ? codecs[contentType]
    : isJson(contentType)
      ? json
      : undefined
  if (create !== undefined) return create(jsonSchemaType(all), { contentType })
  if (contentType === 'application/octet-stream') return bytes as Codec<unknown>
  if (isText(contentType)) return text as Codec<unknown>
  throw new TypeError(`its content type is ${contentType}: pass a codec for it in options.codecs`)
}

function reasonOf(thrown: unknown): string {
  const { rawMessage, message } = thrown as { readonly rawMessage?: string; readonly message: string }
  return rawMessage ?? message
}
