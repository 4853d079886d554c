import { userProperty, type Message } from '@antiphon/core'
import type { TapFlags } from '../flags/tap-flags.js'
import type { Printer } from '../output/printer.js'
import { roundedTime } from '../output/rounded-time.js'
import { decodeLeniently, payloadFields } from '../output/payload-fields.js'
import { shorten } from '../payload/shorten.js'
import { correlationOf, type ObservedExchange, type UnmatchedReason } from './exchange-pairs.js'

/** Prints a request with its response. */
export async function printExchange(
  exchange: ObservedExchange,
  { out }: TapFlags,
  printer: Printer,
): Promise<void> {
  const { request, response, startedAt, endedAt, responses, attempts } = exchange
  const milliseconds = roundedTime(endedAt - startedAt)
  const correlation = correlationOf(request)
  const status = statusOf(response)
  const [sent, received] = [await decodeLeniently(request, out), await decodeLeniently(response, out)]
  const failure = userProperty(response.userProperties, '__stMsg')
  const text = responses === 1 ? shorten(failure ?? received.shown) : `${responses} responses`
  const retries = attempts === 1 ? '' : `, ${attempts} attempts`
  await printer.result(
    {
      type: 'exchange',
      topic: request.topic,
      responseTopic: response.topic,
      ...(correlation !== undefined && { correlation }),
      request: await payloadFields(request, out),
      response: await payloadFields(response, out),
      ...(status !== undefined && { status }),
      responses,
      attempts,
      milliseconds,
    },
    `${request.topic} ${shorten(sent.shown)} -> ${text} (${status ?? 'no status'}, ${milliseconds} ms${retries})`,
  )
}

/** Prints a request without a response, or a response without a request. */
export async function printUnmatched(
  message: Message,
  reason: UnmatchedReason,
  { out }: TapFlags,
  printer: Printer,
): Promise<void> {
  const correlation = correlationOf(message)
  const { shown } = await decodeLeniently(message, out)
  const text = reason === 'no-response' ? 'no response' : 'a response to no request that has been seen'
  await printer.result(
    {
      type: 'unmatched',
      reason,
      topic: message.topic,
      ...(correlation !== undefined && { correlation }),
      message: await payloadFields(message, out),
    },
    `${message.topic} ${shorten(shown)} -> ${text}`,
  )
}

/** Returns the status of a response; `undefined` without one, as a plain MQTT client sends it. */
export function statusOf({ userProperties }: Message): number | undefined {
  const text = userProperty(userProperties, '__stat')
  return text === undefined || !/^\d{1,9}$/.test(text) ? undefined : Number(text)
}
