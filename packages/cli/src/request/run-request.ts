import { setTimeout as wait } from 'node:timers/promises'
import type { ExchangeOptions, Link } from '@antiphon/core'
import { firstValueFrom } from 'rxjs'
import { openLink } from '../connection/open-link.js'
import { stopSignal } from '../connection/stop-signal.js'
import { exitCodes } from '../exit-codes.js'
import type { RequestFlags } from '../flags/request-flags.js'
import type { Host } from '../host.js'
import { Printer } from '../output/printer.js'
import { exchange, type ExchangeContext, type NumberedRequest } from './exchange.js'
import { toExchangeOptions } from './exchange-options.js'
import { sourcesOf } from './sources.js'
import { traceParentOf } from './trace-parent.js'
import { toRequests, type ToRequest } from './to-request.js'

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
  const toRequest = await toRequests(topic, flags.lines === true ? undefined : argument, flags)
  const sources = await sourcesOf(argument, flags, host)
  const isSingle = flags.lines !== true && flags.count === undefined
  const first = isSingle ? await firstOf(sources, toRequest) : undefined
  const traceParent = traceParentOf(flags.traceparent, host.env)
  if (traceParent !== undefined) await printer.notice(`traceparent ${traceParent}`)
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const context: ExchangeContext = {
    link,
    params: Object.fromEntries(flags.param ?? []),
    options: optionsOf(flags, traceParent),
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
    if (host.signal.aborted) await cancelLate(link)
    await link.close()
  }
}

/** Milliseconds after which a responder has named where to cancel a request that it has just received. */
const ACCEPTANCE_TIME = 250

/** Keeps the connection for the cancel of a request that its responder has not accepted yet. */
async function cancelLate({ state$ }: Link): Promise<void> {
  const { status } = await firstValueFrom(state$)
  if (status === 'online') await wait(ACCEPTANCE_TIME)
}

async function firstOf(
  sources: AsyncIterable<string | Uint8Array>,
  toRequest: ToRequest,
): Promise<NumberedRequest | undefined> {
  for await (const source of sources) return toRequest(source, 1)
  return undefined
}

function optionsOf(flags: RequestFlags, traceParent: string | undefined): ExchangeOptions {
  const { stream, contract, credit, totalTimeout } = flags
  const isStream = stream === true || contract !== undefined
  return {
    ...toExchangeOptions(flags, traceParent),
    ...(isStream && credit !== undefined && { credit }),
    ...(isStream && totalTimeout !== undefined && { totalTimeout }),
  }
}
