import type { PayloadFlags } from '../flags/payload-flags.js'
import type { RequestFlags } from '../flags/request-flags.js'
import type { Host } from '../host.js'
import { encodePayload } from '../payload/formats.js'
import type { Payload } from '../payload/payload.js'
import { readLines, untilAborted } from '../payload/read-lines.js'
import { readSource } from '../payload/read-source.js'
import { compileTemplate } from '../payload/template.js'
import { usageError } from '../usage-error.js'

/** Creates the payload of the request with a number from 1. */
export type ToPayload = (number: number, source: string | Uint8Array) => Promise<Payload>

/** Returns what creates the payloads of requests, from the arguments or lines that it is given. */
export function toPayloads(
  topic: string,
  text: string | undefined,
  { template, in: format = 'auto', contentType }: PayloadFlags & { readonly template?: true },
): ToPayload {
  // With lines, each line is a template of its own.
  const compiled = template === true && text !== undefined ? compileTemplate(text) : undefined
  return async (count, source) => {
    const filled =
      template === true ? (compiled ?? compileTemplate(textOf(source)))({ count, topic }) : source
    const payload = await encodePayload(filled, format)
    return contentType === undefined ? payload : { ...payload, contentType }
  }
}

/**
 * Returns the sources of all requests: the lines of standard input with `--lines`, otherwise the payload of the command line,
 * `--count` times.
 */
export async function sourcesOf(
  argument: string | undefined,
  { file, lines, count }: RequestFlags,
  { stdin, signal }: Host,
): Promise<AsyncIterable<string | Uint8Array>> {
  if (lines !== true) return repeat(await readSource(argument, file, stdin), count ?? 1)
  if ((argument ?? file) !== undefined)
    throw usageError('--lines reads the payloads from standard input: leave the payload out')
  if (count !== undefined) throw usageError('--lines and --count exclude each other: set one of them')
  return readLines(untilAborted(stdin, signal))
}

async function* repeat<A>(value: A, count: number): AsyncGenerator<A, void> {
  for (let index = 0; index < count; index += 1) yield await Promise.resolve(value)
}

/** Returns what a user wrote as text. */
export function textOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source)
}
