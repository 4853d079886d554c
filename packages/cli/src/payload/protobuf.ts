import { AntiphonError } from '@antiphon/core'
import { createFileRegistry, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf'
import type { DescMessage, JsonValue } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { readFile } from 'node:fs/promises'
import { nearestNameHint } from '@antiphon/core/link'
import { usageError } from '../usage-error.js'
import type { Payload } from './payload.js'

/** The messages of the files that have been read. */
const messagesOf = new Map<string, Promise<ReadonlyMap<string, DescMessage>>>()

/** Encodes data of JSON as a message. `format` is `protobuf:<file>:<message>`. */
export async function encodeProtobuf(format: string, data: unknown): Promise<Payload> {
  const message = await messageOf(format)
  try {
    const bytes = toBinary(message, fromJson(message, data as JsonValue))
    return { bytes, contentType: 'application/protobuf' }
  } catch (error) {
    throw new AntiphonError('encode', `cannot encode the payload as ${message.typeName}: ${reasonOf(error)}`)
  }
}

/** Decodes a message to data of JSON. `format` is `protobuf:<file>:<message>`. */
export async function decodeProtobuf(format: string, bytes: Uint8Array): Promise<unknown> {
  const message = await messageOf(format)
  try {
    return toJson(message, fromBinary(message, bytes))
  } catch (error) {
    throw new AntiphonError('decode', `cannot decode the payload as ${message.typeName}: ${reasonOf(error)}`)
  }
}

async function messageOf(format: string): Promise<DescMessage> {
  const [, file = '', name = ''] = /^protobuf:(.+):(.+)$/.exec(format) ?? []
  const read = messagesOf.get(file) ?? readMessages(file)
  messagesOf.set(file, read)
  const messages = await read
  const message = messages.get(name)
  if (message !== undefined) return message
  throw usageError(`${file} has no message ${name}: ${nearestNameHint(name, [...messages.keys()])}`)
}

async function readMessages(file: string): Promise<ReadonlyMap<string, DescMessage>> {
  try {
    const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(file)))
    const messages = [...registry].filter((type) => type.kind === 'message')
    return new Map(messages.map((message) => [message.typeName, message]))
  } catch (error) {
    const hint = 'write it with protoc --descriptor_set_out=<file> --include_imports'
    throw usageError(`cannot read the descriptors in ${file}: ${reasonOf(error)}; ${hint}`)
  }
}

function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, open .*$/, '')
}
