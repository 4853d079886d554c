import { completeValue, fromAsyncApi } from '@antiphon/asyncapi'
import { loadModule, readDocument } from '@antiphon/asyncapi/command'
import { AntiphonError, type Endpoint } from '@antiphon/core'
import { parseMediaType } from '@antiphon/core/codec'
import { nearestNameHint } from '@antiphon/core/link'
import type { FormatName } from '../format-names.js'
import { encodePayload, parseData } from '../payload/formats.js'
import { usageError } from '../usage-error.js'

/** Reads an endpoint by its name from an AsyncAPI document, or from a module that exports endpoints. */
export async function contractEndpoint(file: string, name: string): Promise<Endpoint> {
  const endpoints = await contractEndpoints(file)
  const found = Object.hasOwn(endpoints, name)
    ? endpoints[name]
    : Object.values(endpoints).find((each) => each.name === name)
  if (found !== undefined) return found
  const names = Object.keys(endpoints)
  const hint = names.length === 0 ? 'it has no endpoint' : nearestNameHint(name, names)
  throw usageError(`${file} has no endpoint ${name}: ${hint}`)
}

/**
 * Returns the value of an endpoint that a user has written: text for a codec of text, otherwise JSON. With `complete`, it gets
 * what its schema requires and it lacks; without a payload, all of it is generated.
 */
export async function contractValue(
  { request, correlation }: Endpoint,
  source: string | Uint8Array,
  { complete, format }: { readonly complete: boolean; readonly format: FormatName },
): Promise<unknown> {
  const essence = parseMediaType(request.contentType)?.essence ?? ''
  if (essence.startsWith('text/')) return source.toString()
  const { bytes } = await encodePayload(source, format)
  if (essence === 'application/octet-stream') return bytes
  if (bytes.length === 0 && !complete)
    throw usageError('the payload is missing: pass JSON, or set --complete to generate it')
  const value = bytes.length === 0 ? undefined : parseData(bytes)
  const { field } = correlation as { readonly field?: string }
  // The token of a correlation is left to the library.
  return complete ? completeValue(request, value, field === undefined ? {} : { except: [field] }) : value
}

/** Reads the endpoints of an AsyncAPI document, or those that a module exports. */
export async function contractEndpoints(file: string): Promise<Readonly<Record<string, Endpoint>>> {
  try {
    if (!/\.(json|ya?ml)$/i.test(file)) return endpointsIn(await loadModule(file))
    const { cbor } = await import('@antiphon/codecs/cbor')
    const { msgpack } = await import('@antiphon/codecs/msgpack')
    const codecs = { 'application/cbor': cbor, 'application/msgpack': msgpack }
    return fromAsyncApi(await readDocument(file), { codecs }).endpoints
  } catch (error) {
    throw usageError(`cannot read --contract ${file}: ${AntiphonError.from(error).rawMessage}`)
  }
}

function endpointsIn(module: Readonly<Record<string, unknown>>): Readonly<Record<string, Endpoint>> {
  return Object.fromEntries(Object.entries(module).filter(([, value]) => isEndpoint(value))) as Readonly<
    Record<string, Endpoint>
  >
}

function isEndpoint(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['topic', 'request', 'response', 'correlation'].every((name) => name in value)
  )
}
