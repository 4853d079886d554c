import { AntiphonError, type ReceivedRequest, type ServeRecord } from '@antiphon/core'
import type { ServeFlags } from '../flags/serve-flags.js'
import { roundedTime } from '../output/rounded-time.js'
import type { Printer } from '../output/printer.js'
import { decodePayload, type DecodedPayload } from '../payload/formats.js'

const longest = 80

/** Prints a request that was received; without `--json` it is printed together with its outcome. */
export async function printReceived(
  { message, params }: ReceivedRequest,
  { out = 'auto' }: ServeFlags,
  printer: Printer,
): Promise<void> {
  if (!printer.isJson) return
  const { topic, payload, contentType, userProperties = [] } = message
  const { shown, ...decoded } = await decodeLeniently(payload, contentType, out)
  const type = contentType === undefined ? {} : { contentType }
  const names = params as Readonly<Record<string, string>>
  await printer.result({ type: 'request', topic, params: names, ...decoded, ...type, userProperties }, shown)
}

/** Prints how a request was served. */
export async function printServed(
  { request: { topic, payload, contentType }, outcome, status, error, receivedAt, endedAt }: ServeRecord,
  { out = 'auto' }: ServeFlags,
  printer: Printer,
): Promise<void> {
  const milliseconds = roundedTime(endedAt - receivedAt)
  const message = error === undefined ? undefined : AntiphonError.from(error).rawMessage
  const reason = message === undefined ? '' : `: ${message}`
  const { shown } = await decodeLeniently(payload, contentType, out)
  await printer.result(
    {
      type: 'served',
      topic,
      outcome,
      milliseconds,
      ...(status !== undefined && { status }),
      ...(message !== undefined && { message }),
    },
    `${topic} ${shorten(shown)} ${outcome} in ${milliseconds} ms${reason}`,
  )
}

/** Decodes a payload for people; one that is not of the format is shown as it is. */
function decodeLeniently(
  payload: Uint8Array,
  contentType: string | undefined,
  format: NonNullable<ServeFlags['out']>,
): Promise<DecodedPayload> {
  return decodePayload(payload, contentType, format).catch(() => decodePayload(payload, contentType, 'auto'))
}

function shorten(shown: string | Uint8Array): string {
  if (typeof shown !== 'string') return `(${shown.length} bytes)`
  const line = JSON.stringify(shown).slice(1, -1).replaceAll('\\"', '"')
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}
