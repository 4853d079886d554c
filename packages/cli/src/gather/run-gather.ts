import { gather$, withMessage, type AntiphonError, type GatherOptions } from '@antiphon/core'
import { isLeft, type Either } from 'fp-ts/lib/Either.js'
import { fromEvent, lastValueFrom, takeUntil, tap } from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { linkFor } from '../dialects/command-endpoint.js'
import { createEndpoint, printedTopic, valueOf } from '../endpoint/create-endpoint.js'
import { exitCodeOf } from '../exit-code-of.js'
import { exitCodes } from '../exit-codes.js'
import type { GatherFlags } from '../flags/gather-flags.js'
import type { Host } from '../host.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'
import { roundedTime } from '../output/rounded-time.js'
import { readSource } from '../payload/read-source.js'
import { toPrintable } from '../request/exchange.js'
import { toExchangeOptions } from '../request/exchange-options.js'
import { argumentOf, type Response } from '../request/responses.js'
import { toPayloads } from '../request/sources.js'
import { traceParentOf } from '../request/trace-parent.js'
import { usageError } from '../usage-error.js'

/** The arguments of `antiphon gather`. */
export interface GatherArguments {
  readonly topic: string
  readonly payload: string | undefined
}

/**
 * Runs `antiphon gather`: prints each response, and the failures that responders report. Returns 0 if there was a response, the
 * exit code of the first failure if there were only failures, and that of a timeout if there was nothing.
 */
export async function runGather(
  { topic, payload: argument }: GatherArguments,
  flags: GatherFlags,
  host: Host,
): Promise<number> {
  const printer = new Printer(flags, host)
  const prints = new PrintQueue()
  const source = await readSource(argument, flags.file, host.stdin)
  const { bytes, contentType } = await toPayloads(topic, undefined, flags)(1, source)
  const endpoint = await createEndpoint({ topic, contentType, isStream: false, flags })
  if (endpoint.isLast !== undefined)
    throw usageError(`the responses of --dialect ${flags.dialect} name no responder: use antiphon request`)
  const params = Object.fromEntries(flags.param ?? [])
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const startedAt = performance.now()
  let [answered, failed, exitCode]: [number, number, number] = [0, 0, exitCodes.timeout]
  const print = async (response: Response, index: number): Promise<void> => {
    const position = { topic: printedTopic(endpoint, params), request: 1, index, startedAt }
    const { record, shown } = await toPrintable(response, position, flags)
    await printer.result(record, shown)
  }
  const printFailure = (error: AntiphonError): Promise<void> => {
    const code = exitCodeOf(error)
    failed += 1
    if (failed === 1) exitCode = code
    return printer.error(error, code, { request: 1 })
  }
  const receive = (either: Either<AntiphonError, unknown>): void =>
    prints.add(async () => {
      if (isLeft(either)) return printFailure(either.left)
      try {
        await print(either.right as Response, answered + failed + 1)
        answered += 1
      } catch (error) {
        await printFailure(error as AntiphonError)
      }
    })
  try {
    host.signal.throwIfAborted()
    const responses$ = gather$(
      linkFor(endpoint, link),
      withMessage(endpoint) as never,
      argumentOf(endpoint, { params, value: valueOf(endpoint, bytes) }) as never,
      optionsOf(flags, host.env),
    ).pipe(tap(receive), failingWith(connected$), takeUntil(fromEvent(host.signal, 'abort')))
    await lastValueFrom(responses$, { defaultValue: undefined })
    await prints.printed()
    host.signal.throwIfAborted()
    const milliseconds = roundedTime(performance.now() - startedAt)
    const summary = { type: 'summary', requests: 1, answered, failed, milliseconds } as const
    await printer.notice(`${answered} responses, ${failed} failures in ${milliseconds} ms`, summary)
    return answered > 0 ? exitCodes.answered : exitCode
  } finally {
    await link.close()
  }
}

function optionsOf(flags: GatherFlags, env: Host['env']): GatherOptions {
  const { count, stallTimeout, sentinel, responder } = flags
  return {
    ...toExchangeOptions(flags, traceParentOf(flags.traceparent, env)),
    ...(count !== undefined && { count }),
    ...(stallTimeout !== undefined && { stallTimeout }),
    ...(sentinel !== undefined && { sentinel }),
    ...(responder !== undefined && { responders: responder }),
  }
}
