import type { ExchangeOptions } from '@antiphon/core'
import { openLink } from '../connection/open-link.js'
import { stopSignal } from '../connection/stop-signal.js'
import { createEndpoint } from '../endpoint/create-endpoint.js'
import { exitCodes } from '../exit-codes.js'
import type { RequestFlags } from '../flags/request-flags.js'
import type { Host } from '../host.js'
import { Printer } from '../output/printer.js'
import { exchange, type ExchangeContext, type NumberedRequest } from './exchange.js'
import { toExchangeOptions } from './exchange-options.js'
import { sourcesOf, toPayloads } from './sources.js'

/** The arguments of `antiphon request`. */
export interface RequestArguments {
  readonly topic: string
  readonly payload: string | undefined
}

/** Runs `antiphon request`: sends one request, or many, and prints the responses. Returns the exit code. */
export async function runRequest(
  { topic, payload: argument }: RequestArguments,
  flags: RequestFlags,
  host: Host,
): Promise<number> {
  const printer = new Printer(flags, host)
  const isStream = flags.stream === true
  const toPayload = toPayloads(topic, flags.lines === true ? undefined : argument, flags)
  const sources = await sourcesOf(argument, flags, host)
  const toRequest = async (source: string | Uint8Array, number: number): Promise<NumberedRequest> => {
    const { bytes, contentType } = await toPayload(number, source)
    return { number, bytes, endpoint: createEndpoint({ topic, contentType, isStream, flags }) }
  }
  const isSingle = flags.lines !== true && flags.count === undefined
  const first = isSingle ? await firstOf(sources, toRequest) : undefined
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const context: ExchangeContext = {
    link,
    params: Object.fromEntries(flags.param ?? []),
    options: optionsOf(flags),
    signal: stopSignal(host.signal, connected$),
    flags,
  }
  try {
    if (first === undefined) {
      const { runMany } = await import('./run-many.js')
      return await runMany(sources, toRequest, { context, flags, printer, host })
    }
    for await (const { record, shown } of exchange(context, first)) await printer.result(record, shown)
    return exitCodes.answered
  } finally {
    await link.close()
  }
}

async function firstOf(
  sources: AsyncIterable<string | Uint8Array>,
  toRequest: (source: string | Uint8Array, number: number) => Promise<NumberedRequest>,
): Promise<NumberedRequest | undefined> {
  for await (const source of sources) return toRequest(source, 1)
  return undefined
}

function optionsOf(flags: RequestFlags): ExchangeOptions {
  const { stream, credit, totalTimeout } = flags
  return {
    ...toExchangeOptions(flags),
    ...(stream === true && credit !== undefined && { credit }),
    ...(stream === true && totalTimeout !== undefined && { totalTimeout }),
  }
}
