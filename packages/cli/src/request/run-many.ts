import { exitCodeOf } from '../exit-code-of.js'
import { exitCodes } from '../exit-codes.js'
import type { RequestFlags } from '../flags/request-flags.js'
import type { Host } from '../host.js'
import type { Printer } from '../output/printer.js'
import { Progress } from '../output/progress.js'
import { roundedTime } from '../output/rounded-time.js'
import { exchange, type ExchangeContext, type PrintableResponse } from './exchange.js'
import { settle } from './settle.js'
import type { ToRequest } from './to-request.js'

/** What runs the requests of a command. */
export interface ManyRequests {
  readonly context: ExchangeContext
  readonly flags: RequestFlags
  readonly printer: Printer
  readonly host: Host
}

/** How one request ended. */
interface Settled {
  readonly number: number
  readonly responses: readonly PrintableResponse[]
  readonly error?: unknown
}

const defaultConcurrency = 16

/**
 * Sends a request for each source, prints the responses and a summary. A failed request does not end the command. Returns 0
 * if all requests have been answered, otherwise the exit code of the first failure.
 */
export async function runMany(
  sources: AsyncIterable<string | Uint8Array>,
  toRequest: ToRequest,
  { context, flags, printer, host }: ManyRequests,
): Promise<number> {
  const { concurrency = defaultConcurrency, unordered, count: total } = flags
  const task = async (source: string | Uint8Array, number: number): Promise<Settled> => {
    const responses: PrintableResponse[] = []
    try {
      const request = await toRequest(source, number)
      for await (const response of exchange(context, request)) responses.push(response)
      return { number, responses }
    } catch (error) {
      return { number, responses, error }
    }
  }
  const startedAt = performance.now()
  const progress = new Progress(host.stderr, total)
  let [answered, failed, exitCode]: [number, number, number] = [0, 0, exitCodes.answered]
  for await (const settled of settle(sources, task, { concurrency, isOrdered: unordered !== true })) {
    context.signal.throwIfAborted()
    if (settled.responses.length > 0 || settled.error !== undefined) await progress.clear()
    for (const { record, shown } of settled.responses) await printer.result(record, shown)
    if (settled.error === undefined) answered += 1
    else {
      failed += 1
      const code = exitCodeOf(settled.error)
      if (exitCode === exitCodes.answered) exitCode = code
      await printer.error(settled.error, code, { request: settled.number })
    }
    await progress.show(answered + failed, failed)
  }
  await progress.clear()
  const milliseconds = roundedTime(performance.now() - startedAt)
  await printer.notice(`${answered} answered, ${failed} failed in ${milliseconds} ms`, {
    type: 'summary',
    requests: answered + failed,
    answered,
    failed,
    milliseconds,
  })
  return exitCode
}
