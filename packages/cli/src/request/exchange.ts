import { AntiphonError, type ExchangeOptions, type Link } from '@antiphon/core'
import { linkFor, type CommandEndpoint } from '../dialects/command-endpoint.js'
import { printedTopic } from '../endpoint/create-endpoint.js'
import { responsesIn } from '../dialects/framing.js'
import type { PayloadFlags } from '../flags/payload-flags.js'
import type { OutputRecord } from '../output/records.js'
import { roundedTime } from '../output/rounded-time.js'
import { decodePayload } from '../payload/formats.js'
import { responsesTo, type Response } from './responses.js'

/** What all requests of a command have in common. */
export interface ExchangeContext {
  readonly link: Link
  readonly params: Readonly<Record<string, string>>
  readonly options: ExchangeOptions
  readonly signal: AbortSignal
  readonly flags: PayloadFlags & { readonly through?: string }
}

/** A request of a command. */
export interface NumberedRequest {
  /** Its number, from 1. */
  readonly number: number
  readonly endpoint: CommandEndpoint
  /** The value that the endpoint encodes. */
  readonly value: unknown
}

/** A response, as it is printed. */
export interface PrintableResponse {
  readonly record: Extract<OutputRecord, { readonly type: 'response' }>
  readonly shown: string | Uint8Array
}

/** Sends a request and returns its responses, as they are printed. */
export async function* exchange(
  { flags, ...context }: ExchangeContext,
  { number, endpoint, value }: NumberedRequest,
): AsyncGenerator<PrintableResponse, void> {
  const topic = printedTopic(endpoint, context.params)
  const startedAt = performance.now()
  let index = 0
  const link = linkFor(endpoint, context.link)
  for await (const received of responsesTo({ ...context, link, endpoint, value }))
    for (const response of responsesIn(endpoint, received)) {
      index += 1
      const position = { topic, request: number, index }
      const printed = await passThrough(response, flags.through, context.signal)
      yield await toPrintable(printed, { ...position, startedAt }, flags)
    }
}

/** Returns a response with what a command prints for its payload. */
async function passThrough(
  response: Response,
  command: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  if (command === undefined) return response
  const { runShellCommand } = await import('../process/run-shell-command.js')
  const { payload, contentType: _, ...message } = response.message
  const { output, lastError, exitCode } = await runShellCommand({ command, input: payload, signal })
  if (exitCode !== 0)
    throw new AntiphonError(
      'unknown',
      `--through ended with ${exitCode}: ${lastError || 'it printed no error'}`,
    )
  return {
    ...response,
    message: { ...message, payload: output.at(-1) === 0x0a ? output.subarray(0, -1) : output },
  }
}

/** Returns a response as it is printed. Throws `decode` if it is not of the format. */
export async function toPrintable(
  { message: { payload, contentType, userProperties = [] } }: Response,
  {
    startedAt,
    ...position
  }: {
    readonly topic: string
    readonly request: number
    readonly index: number
    readonly startedAt: number
  },
  { out = 'auto' }: PayloadFlags,
): Promise<PrintableResponse> {
  const milliseconds = roundedTime(performance.now() - startedAt)
  const { shown, ...decoded } = await decodePayload(payload, contentType, out)
  const type = contentType === undefined ? {} : { contentType }
  return {
    record: { type: 'response', ...position, milliseconds, ...decoded, ...type, userProperties },
    shown,
  }
}
