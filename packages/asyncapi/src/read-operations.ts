import { DocumentError } from './document-error.js'
import { DocumentReader, toObject, type LocatedObject } from './document-reader.js'
import { extension } from './io-ts-schema.js'
import { appendToPointer, isObject, type Json, type JsonObject } from './json.js'
import { resolveSchema } from './resolve-schema.js'
import type { DocumentInfo } from './to-async-api.js'

/** A part of a document that cannot become an endpoint. */
export interface Unsupported {
  /** The JSON pointer of the operation. */
  readonly pointer: string
  readonly reason: string
}

/** A message of an operation. */
export interface ReadMessage {
  readonly contentType: string
  /** The JSON Schema of the payload, without references. */
  readonly schema: JsonObject
  /** The location of the correlation id. */
  readonly correlationId: string | undefined
}

/** An operation with a reply. */
export interface ReadOperation {
  readonly name: string
  readonly pointer: string
  /** The template of the request topic. */
  readonly address: string
  /** The template of the response topic, if the requester does not choose it. */
  readonly replyAddress: string | undefined
  readonly request: readonly ReadMessage[]
  readonly response: readonly ReadMessage[]
  readonly qos: 0 | 1 | 2 | undefined
  /** What the document says under `x-antiphon`. */
  readonly extension: JsonObject | undefined
}

/** The operations of a document. */
export interface ReadDocument {
  readonly info: DocumentInfo
  readonly operations: readonly ReadOperation[]
  readonly unsupported: readonly Unsupported[]
}

/** Reads the operations of a document of unknown origin. Throws a `DocumentError` if the document is invalid. */
export function readOperations(document: unknown): ReadDocument {
  const reader = new DocumentReader(document)
  const { root } = reader
  const version = reader.text(root, 'asyncapi')
  if (version === undefined || !/^3\.\d+\.\d+$/.test(version)) {
    throw new DocumentError(
      '#/asyncapi',
      `it must be a version of AsyncAPI 3, found ${JSON.stringify(version ?? null)}`,
    )
  }
  // A fault of a channel that no operation uses is a fault of the document too.
  for (const [, channel] of reader.objects(reader.object(root, 'channels'))) reader.text(channel, 'address')

  const operations: ReadOperation[] = []
  const unsupported: Unsupported[] = []
  for (const [name, operation] of reader.objects(reader.object(root, 'operations'))) {
    const read = readOperation(reader, name, operation)
    if ('reason' in read) unsupported.push(read)
    else operations.push(read)
  }
  return { info: readInfo(reader, operations), operations, unsupported }
}

function readInfo(reader: DocumentReader, operations: readonly ReadOperation[]): DocumentInfo {
  const info = reader.object(reader.root, 'info')
  const title = reader.text(info, 'title')
  const version = reader.text(info, 'version')
  const description = reader.text(info, 'description')
  if (title === undefined) throw new DocumentError('#/info/title', 'it is missing')
  if (version === undefined) throw new DocumentError('#/info/version', 'it is missing')
  const qos = operations[0]?.qos
  return {
    title,
    version,
    ...(description === undefined ? {} : { description }),
    ...(qos === undefined ? {} : { qos }),
  }
}

function readOperation(
  reader: DocumentReader,
  name: string,
  operation: LocatedObject,
): ReadOperation | Unsupported {
  const { pointer } = operation
  const action = reader.text(operation, 'action')
  if (action !== 'send' && action !== 'receive') {
    throw new DocumentError(appendToPointer(pointer, 'action'), 'it must be send or receive')
  }
  const channel = required(reader, operation, 'channel')
  const reply = reader.property(operation, 'reply')
  if (reply === undefined) return { pointer, reason: 'it has no reply: it is not a request' }
  const address = addressOf(reader, channel)
  if (address === undefined) return { pointer, reason: 'its channel has no address' }

  const replyObject = toObject(reply)
  const replyChannel = reader.property(replyObject, 'channel')
  const responses = replyChannel && toObject(replyChannel)
  const own = reader.property(operation, extension)?.value
  const messages = (
    from: LocatedObject,
    of: LocatedObject | undefined,
  ): readonly ReadMessage[] | Unsupported => readMessages(reader, from, of)
  const request = messages(operation, channel)
  if ('reason' in request) return { ...request, pointer }
  const response = messages(replyObject, responses)
  if ('reason' in response) return { ...response, pointer }
  return {
    name,
    pointer,
    address,
    replyAddress: responses && addressOf(reader, responses),
    request,
    response,
    qos: qosOf(reader, operation),
    extension: isObject(own) ? own : undefined,
  }
}

function required(reader: DocumentReader, parent: LocatedObject, name: string): LocatedObject {
  const found = reader.property(parent, name)
  if (found === undefined) throw new DocumentError(appendToPointer(parent.pointer, name), 'it is missing')
  return toObject(found)
}

/** Returns the template of a channel; a parameter of many levels is written `{path...}`. */
function addressOf(reader: DocumentReader, channel: LocatedObject): string | undefined {
  const address = reader.text(channel, 'address')
  if (address === undefined) return undefined
  const parameters = reader.object(channel, 'parameters')
  return address.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    if (!Object.hasOwn(parameters.value, name)) return whole
    const own = reader.property(reader.object(parameters, name), extension)?.value
    return isObject(own) && own['levels'] === 'many' ? `{${name}...}` : whole
  })
}

function qosOf(reader: DocumentReader, operation: LocatedObject): 0 | 1 | 2 | undefined {
  const qos = reader.property(reader.object(reader.object(operation, 'bindings'), 'mqtt'), 'qos')?.value
  return qos === 0 || qos === 1 || qos === 2 ? qos : undefined
}

/** Reads the messages that an operation or a reply names, or all of its channel. */
function readMessages(
  reader: DocumentReader,
  operation: LocatedObject,
  channel: LocatedObject | undefined,
): readonly ReadMessage[] | Unsupported {
  const named = reader.property(operation, 'messages')
  const all = channel === undefined ? [] : reader.objects(reader.object(channel, 'messages'))
  const objects = named === undefined ? all.map(([, message]) => message) : listOf(reader, named)
  const messages = objects.map((message) => readMessage(reader, message))
  const unreadable = messages.find((message): message is Unsupported => 'reason' in message)
  if (unreadable !== undefined) return unreadable
  if (messages.length === 0) return { pointer: operation.pointer, reason: 'it has no message' }
  return messages.filter((message): message is ReadMessage => !('reason' in message))
}

function listOf(
  reader: DocumentReader,
  { value, pointer }: { readonly value: Json; readonly pointer: string },
): readonly LocatedObject[] {
  if (!Array.isArray(value)) throw new DocumentError(pointer, 'it must be an array')
  return value.map((item: Json, index) =>
    toObject(reader.follow({ value: item, pointer: appendToPointer(pointer, index) })),
  )
}

function readMessage(reader: DocumentReader, message: LocatedObject): ReadMessage | Unsupported {
  const traits = reader.property(message, 'traits')
  const places = [message, ...(traits === undefined ? [] : listOf(reader, traits)), reader.root]
  const contentType =
    places
      .slice(0, -1)
      .map((place) => reader.text(place, 'contentType'))
      .find((type) => type !== undefined) ??
    reader.text(reader.root, 'defaultContentType') ??
    'application/json'
  const correlationId = reader.property(message, 'correlationId')
  const payload = reader.property(message, 'payload')
  const format = payload && isObject(payload.value) ? payload.value['schemaFormat'] : undefined
  if (typeof format === 'string' && !/json|aai\.asyncapi/.test(format)) {
    return { pointer: message.pointer, reason: `its schema is in the format ${format}` }
  }
  const schema =
    payload === undefined
      ? {}
      : resolveSchema(
          reader,
          format === undefined ? payload : (reader.property(toObject(payload), 'schema') ?? payload),
        )
  return {
    contentType,
    schema,
    correlationId: correlationId && reader.text(toObject(correlationId), 'location'),
  }
}
