import {
  AntiphonError,
  bytes,
  endpoint,
  exchange$,
  requests$,
  serve,
  unmatchedResponses$,
  type Endpoint,
  type Link,
} from '@antiphon/core'
import { writeFile } from 'node:fs/promises'
import { fromEvent, of, takeUntil } from 'rxjs'
import { openLink } from '../connection/open-link.js'
import { stopSignal } from '../connection/stop-signal.js'
import { linkFor } from '../dialects/command-endpoint.js'
import { createEndpoint, valueOf } from '../endpoint/create-endpoint.js'
import { exitCodeOf } from '../exit-code-of.js'
import { exitCodes } from '../exit-codes.js'
import type { BenchFlags } from '../flags/bench-flags.js'
import type { Host } from '../host.js'
import { percentilesText } from '../output/percentiles.js'
import { Printer } from '../output/printer.js'
import { Progress } from '../output/progress.js'
import { roundedTime } from '../output/rounded-time.js'
import { encodePayload } from '../payload/formats.js'
import { toExchangeOptions } from '../request/exchange-options.js'
import { argumentOf } from '../request/responses.js'
import { usageError } from '../usage-error.js'
import { latencyChart } from './chart.js'
import { LatencyHistogram } from './latency-histogram.js'
import { generateLoad, type SendRequest } from './load.js'

/** The arguments of `antiphon bench`. */
export interface BenchArguments {
  readonly topic: string
  readonly payload: string | undefined
}

/** What a benchmark counts. */
interface Counts {
  failed: number
  /** Requests without a response in time. */
  lost: number
  /** Responses that no request waited for. */
  duplicated: number
  readonly errors: Map<string, number>
  exitCode: number
}

const defaults = { duration: 10_000, warmUp: 100, concurrency: 16, openConcurrency: 10_000 }

/** Runs `antiphon bench`. Returns 0 if all requests have been answered, otherwise the exit code of the first failure. */
export async function runBench(
  { topic, payload }: BenchArguments,
  flags: BenchFlags,
  host: Host,
): Promise<number> {
  if (flags.echo === true && flags.dialect !== undefined)
    throw usageError(
      `--echo does not know the responses of --dialect ${flags.dialect}: leave one of them out`,
    )
  const printer = new Printer(flags, host)
  const { duration = defaults.duration, warmUp = defaults.warmUp, count, rate } = flags
  const { concurrency = rate === undefined ? defaults.concurrency : defaults.openConcurrency } = flags
  const sent = await payloadOf(payload, flags)
  const target = await createEndpoint({ topic, contentType: sent.contentType, isStream: false, flags })
  const params = Object.fromEntries(flags.param ?? [])
  const argument = argumentOf(target, { params, value: valueOf(target, sent.bytes) })
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const signal = stopSignal(host.signal, connected$)
  const responder =
    flags.echo === true ? await startEcho(target.topic.format(params), flags, host) : undefined
  const histogram = new LatencyHistogram()
  const counts: Counts = {
    failed: 0,
    lost: 0,
    duplicated: 0,
    errors: new Map(),
    exitCode: exitCodes.answered,
  }
  const unmatched = unmatchedResponses$(link).subscribe(() => (counts.duplicated += 1))
  const sendWith = (record: Recorder): SendRequest =>
    sender(linkFor(target, link), target, argument, { flags, signal, record })
  try {
    // A failure before the measurement ends the command with its error: nothing could be measured.
    const failWarmUp: Recorder = (_, error) => {
      if (error !== undefined) throw error
    }
    await generateLoad(sendWith(failWarmUp), { concurrency, count: Math.max(1, warmUp), duration, signal })
    signal.throwIfAborted()
    const progress = new Progress(host.stderr, count)
    const record: Recorder = (dueAt, error) => {
      if (error === undefined) histogram.add(performance.now() - dueAt)
      else countFailure(error, counts)
      void progress.show(histogram.count + counts.failed, counts.failed)
    }
    const startedAt = performance.now()
    await generateLoad(sendWith(record), { concurrency, rate, count, duration, signal })
    const milliseconds = performance.now() - startedAt
    await progress.clear()
    signal.throwIfAborted()
    await report({ histogram, counts, milliseconds }, printer, host)
    if (flags.histogram !== undefined) await writeHistogram(flags.histogram, histogram)
    return counts.exitCode
  } finally {
    unmatched.unsubscribe()
    await Promise.all([link.close(), responder?.close()])
  }
}

/** Takes the result of a request that was due at a time: an error, or nothing. */
type Recorder = (dueAt: number, error: AntiphonError | undefined) => void

function sender(
  link: Link,
  target: Endpoint,
  argument: unknown,
  {
    flags,
    signal,
    record,
  }: { readonly flags: BenchFlags; readonly signal: AbortSignal; readonly record: Recorder },
): SendRequest {
  const options = toExchangeOptions(flags)
  const aborted$ = signal.aborted ? of(undefined) : fromEvent(signal, 'abort')
  return (dueAt) =>
    new Promise((resolve, reject) => {
      const settle = (error?: AntiphonError): void => {
        try {
          record(dueAt, error)
          resolve()
        } catch (thrown) {
          reject(AntiphonError.from(thrown))
        }
      }
      exchange$(link, target, argument as never, options)
        .pipe(takeUntil(aborted$))
        .subscribe({ error: settle, complete: () => (signal.aborted ? resolve() : settle()) })
    })
}

async function payloadOf(
  payload: string | undefined,
  { size, in: format = 'auto' }: BenchFlags,
): ReturnType<typeof encodePayload> {
  if (size === undefined) return encodePayload(payload ?? '', format)
  if (payload !== undefined) throw usageError('the payload and --size exclude each other')
  return { bytes: new Uint8Array(size), contentType: 'application/octet-stream' }
}

async function startEcho(topic: string, flags: BenchFlags, host: Host): Promise<Link> {
  const { clientId: _, ...others } = flags
  const { link } = await openLink(others, host.env)
  const echo = endpoint({ topic, request: bytes, response: bytes })
  await new Promise<void>((resolve, reject) => {
    requests$(link, echo, { onSubscribed: resolve })
      .pipe(serve(({ value }) => of(value)))
      .subscribe({ error: reject })
  })
  return link
}

function countFailure(error: AntiphonError, counts: Counts): void {
  const code = exitCodeOf(error)
  counts.failed += 1
  if (code === exitCodes.timeout) counts.lost += 1
  if (counts.exitCode === exitCodes.answered) counts.exitCode = code
  counts.errors.set(error.code, (counts.errors.get(error.code) ?? 0) + 1)
}

async function report(
  {
    histogram,
    counts: { failed, lost, duplicated, errors },
    milliseconds,
  }: { readonly histogram: LatencyHistogram; readonly counts: Counts; readonly milliseconds: number },
  printer: Printer,
  { stdout }: Host,
): Promise<void> {
  const answered = histogram.count
  const perSecond = Math.round((answered / milliseconds) * 10_000) / 10
  const latency = histogram.percentiles()
  const codes = [...errors].map(([code, count]) => `${code} ${count}`).join(', ')
  const lines = [
    `answered    ${answered} in ${(milliseconds / 1_000).toFixed(1)} s, ${perSecond} a second`,
    `failed      ${failed}, of which lost ${lost}${codes === '' ? '' : ` (${codes})`}`,
    `duplicated  ${duplicated}`,
    ...(latency === undefined ? [] : [`latency     ${percentilesText(latency)}`, '']),
    ...latencyChart(histogram, stdout.columns),
  ]
  await printer.result(
    {
      type: 'bench',
      answered,
      failed,
      lost,
      duplicated,
      perSecond,
      milliseconds: roundedTime(milliseconds),
      errors: Object.fromEntries(errors),
      ...(latency !== undefined && { latency }),
    },
    lines.join('\n'),
  )
}

async function writeHistogram(file: string, histogram: LatencyHistogram): Promise<void> {
  try {
    await writeFile(file, histogram.toText())
  } catch (error) {
    throw usageError(`cannot write --histogram ${file}: ${(error as Error).message.replace(/, .*$/, '')}`)
  }
}
