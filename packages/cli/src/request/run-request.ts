import type { ExchangeOptions } from '@antiphon/core'
import type { RequestFlags } from '../flags/request-flags.js'
import { openLink } from '../connection/open-link.js'
import { stopSignal } from '../connection/stop-signal.js'
import { createEndpoint } from '../endpoint/create-endpoint.js'
import { exitCodes } from '../exit-codes.js'
import type { Host } from '../host.js'
import { roundedTime } from '../output/rounded-time.js'
import { Printer } from '../output/printer.js'
import { decodePayload, encodePayload } from '../payload/formats.js'
import type { Payload } from '../payload/payload.js'
import { readSource } from '../payload/read-source.js'
import { compileTemplate } from '../payload/template.js'
import { toExchangeOptions } from './exchange-options.js'
import { responsesTo, type Response } from './responses.js'

/** The arguments of `antiphon request`. */
export interface RequestArguments {
  readonly topic: string
  readonly payload: string | undefined
}

/** Runs `antiphon request`: sends one request and prints its responses. Returns the exit code. */
export async function runRequest(
  { topic, payload: argument }: RequestArguments,
  flags: RequestFlags,
  host: Host,
): Promise<number> {
  const printer = new Printer(flags, host)
  const payload = await payloadOf(topic, argument, flags, host)
  const { contentType } = payload
  const endpoint = createEndpoint({ topic, contentType, isStream: flags.stream === true, flags })
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  try {
    const responses = responsesTo({
      link,
      endpoint,
      params: Object.fromEntries(flags.param ?? []),
      bytes: payload.bytes,
      options: optionsOf(flags),
      signal: stopSignal(host.signal, connected$),
    })
    const startedAt = performance.now()
    let index = 0
    for await (const response of responses) {
      index += 1
      await print(response, { topic, index, startedAt }, flags, printer)
    }
    return exitCodes.answered
  } finally {
    await link.close()
  }
}

async function payloadOf(
  topic: string,
  argument: string | undefined,
  { file, template, in: format = 'auto', contentType }: RequestFlags,
  { stdin }: Host,
): Promise<Payload> {
  const source = await readSource(argument, file, stdin)
  const text = template === true ? compileTemplate(textOf(source))({ count: 1, topic }) : source
  const payload = await encodePayload(text, format)
  return contentType === undefined ? payload : { ...payload, contentType }
}

function optionsOf(flags: RequestFlags): ExchangeOptions {
  const { stream, credit, totalTimeout } = flags
  return {
    ...toExchangeOptions(flags),
    ...(stream === true && credit !== undefined && { credit }),
    ...(stream === true && totalTimeout !== undefined && { totalTimeout }),
  }
}

async function print(
  { message: { payload, contentType, userProperties = [] } }: Response,
  { startedAt, ...position }: { readonly topic: string; readonly index: number; readonly startedAt: number },
  { out = 'auto' }: RequestFlags,
  printer: Printer,
): Promise<void> {
  const milliseconds = roundedTime(performance.now() - startedAt)
  const { shown, ...decoded } = await decodePayload(payload, contentType, out)
  const type = contentType === undefined ? {} : { contentType }
  await printer.result(
    { type: 'response', ...position, request: 1, milliseconds, ...decoded, ...type, userProperties },
    shown,
  )
}

function textOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source)
}
