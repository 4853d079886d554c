import { AntiphonError, type ReceivedRequest, type ServeRecord } from '@antiphon/core'
import type { ServeFlags } from '../flags/serve-flags.js'
import { roundedTime } from '../output/rounded-time.js'
import type { Printer } from '../output/printer.js'
import { decodeLeniently, payloadFields } from '../output/payload-fields.js'
import { shorten } from '../payload/shorten.js'

/** Prints a request that was received; without `--json` it is printed together with its outcome. */
export async function printReceived(
  { message, params }: ReceivedRequest,
  { out }: Pick<ServeFlags, 'out'>,
  printer: Printer,
): Promise<void> {
  if (!printer.isJson) return
  const names = params as Readonly<Record<string, string>>
  const fields = await payloadFields(message, out)
  await printer.result({ type: 'request', topic: message.topic, params: names, ...fields }, '')
}

/** Prints how a request was served. */
export async function printServed(
  { request, outcome, status, error, receivedAt, endedAt }: ServeRecord,
  { out }: Pick<ServeFlags, 'out'>,
  printer: Printer,
): Promise<void> {
  const milliseconds = roundedTime(endedAt - receivedAt)
  const message = error === undefined ? undefined : AntiphonError.from(error).rawMessage
  const reason = message === undefined ? '' : `: ${message}`
  const { shown } = await decodeLeniently(request, out)
  await printer.result(
    {
      type: 'served',
      topic: request.topic,
      outcome,
      milliseconds,
      ...(status !== undefined && { status }),
      ...(message !== undefined && { message }),
    },
    `${request.topic} ${shorten(shown)} ${outcome} in ${milliseconds} ms${reason}`,
  )
}
