import { setTimeout as wait } from 'node:timers/promises'
import { openLink } from '../connection/open-link.js'
import { stopSignal } from '../connection/stop-signal.js'
import { createEndpoint, valueOf } from '../endpoint/create-endpoint.js'
import { exitCodeOf } from '../exit-code-of.js'
import { exitCodes } from '../exit-codes.js'
import type { ReplayFlags } from '../flags/replay-flags.js'
import type { Host } from '../host.js'
import { Printer } from '../output/printer.js'
import { roundedTime } from '../output/rounded-time.js'
import { readRecording, type RecordedExchange } from '../recording/recorded-exchange.js'
import { exchange, type ExchangeContext, type PrintableResponse } from '../request/exchange.js'
import { toExchangeOptions } from '../request/exchange-options.js'
import { settle } from '../request/settle.js'
import { traceParentOf } from '../request/trace-parent.js'
import { compareExchange, type ReplayedResult } from './compare.js'

interface Replayed extends ReplayedResult {
  readonly number: number
  readonly recorded: RecordedExchange
}

/**
 * Runs `antiphon replay`. Returns 0 if all requests have been answered, with `--assert` as recorded; otherwise the exit code of
 * the first failure.
 */
export async function runReplay(file: string, flags: ReplayFlags, host: Host): Promise<number> {
  const printer = new Printer(flags, host)
  const { speed, concurrency = speed === undefined ? 1 : 256 } = flags
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const signal = stopSignal(host.signal, connected$)
  const startedAt = performance.now()
  let [answered, failed, exitCode]: [number, number, number] = [0, 0, exitCodes.answered]
  const traceParent = traceParentOf(flags.traceparent, host.env)
  const task = (recorded: RecordedExchange, number: number): Promise<Replayed> =>
    replay(recorded, number, { ...flags, traceParent }, { link, params: {}, signal, flags: {} })
  try {
    const recording = readRecording(file)
    const paced = speed === undefined ? recording : atTheirTimes(recording, speed, signal)
    for await (const replayed of settle(paced, task, { concurrency, isOrdered: true })) {
      signal.throwIfAborted()
      const code = await (flags.assert === true
        ? assertSame(replayed, flags, printer)
        : print(replayed, printer))
      if (code === exitCodes.answered) answered += 1
      else failed += 1
      if (exitCode === exitCodes.answered) exitCode = code
    }
    const milliseconds = roundedTime(performance.now() - startedAt)
    const summary = { type: 'summary', requests: answered + failed, answered, failed, milliseconds } as const
    const word = flags.assert === true ? 'as recorded' : 'answered'
    await printer.notice(`${answered} ${word}, ${failed} failed in ${milliseconds} ms`, summary)
    return exitCode
  } finally {
    await link.close()
  }
}

async function replay(
  recorded: RecordedExchange,
  number: number,
  flags: ReplayFlags & { readonly traceParent: string | undefined },
  context: Omit<ExchangeContext, 'options'>,
): Promise<Replayed> {
  const responses: PrintableResponse[] = []
  const { topic, isStream, request } = recorded
  try {
    const parts = { topic, contentType: request.contentType, isStream, flags }
    // Recorded payloads are frames already.
    const { framing: _, ...endpoint } = await createEndpoint(parts)
    const value = valueOf(endpoint, Buffer.from(request.payload, 'base64'))
    // The reserved properties belong to the recorded exchange.
    const property = request.userProperties.filter(
      ([name]) => !name.startsWith('__') && name !== 'traceparent',
    )
    const options = toExchangeOptions(
      { ...flags, property: [...property, ...(flags.property ?? [])] },
      flags.traceParent,
    )
    for await (const response of exchange({ ...context, options }, { number, endpoint, value }))
      responses.push(response)
    return { number, recorded, responses }
  } catch (error) {
    return { number, recorded, responses, error }
  }
}

async function print({ number, responses, error }: Replayed, printer: Printer): Promise<number> {
  for (const { record, shown } of responses) await printer.result(record, shown)
  if (error === undefined) return exitCodes.answered
  const code = exitCodeOf(error)
  await printer.error(error, code, { request: number })
  return code
}

async function assertSame(
  replayed: Replayed,
  { ignore = [] }: ReplayFlags,
  printer: Printer,
): Promise<number> {
  const { number, recorded } = replayed
  const difference = await compareExchange(recorded, replayed, ignore)
  if (difference === undefined) return exitCodes.answered
  const { topic } = recorded
  const { expected, received } = difference
  await printer.result(
    { type: 'mismatch', request: number, topic, expected, received },
    `request ${number} to ${topic}: expected ${expected}, received ${received}`,
  )
  return exitCodes.mismatch
}

async function* atTheirTimes(
  recording: AsyncIterable<RecordedExchange>,
  speed: number,
  signal: AbortSignal,
): AsyncGenerator<RecordedExchange, void> {
  const startedAt = performance.now()
  for await (const recorded of recording) {
    const delay = recorded.at / speed - (performance.now() - startedAt)
    // An interruption ends the wait, and is then seen by the request.
    if (delay > 0) await wait(delay, undefined, { signal }).catch(() => undefined)
    yield recorded
  }
}
