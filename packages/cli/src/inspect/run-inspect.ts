import { AntiphonError, type Endpoint } from '@antiphon/core'
import { inspect, observeMessages, readRecording, type Inspector } from '@antiphon/inspector'
import { filter, fromEvent, lastValueFrom, merge, of, Subject, take, tap, type Observable } from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink, type OpenLink } from '../connection/open-link.js'
import { exitCodes } from '../exit-codes.js'
import type { InspectFlags } from '../flags/inspect-flags.js'
import type { Host } from '../host.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'
import { usageError } from '../usage-error.js'

const defaultPayloadBytes = 2_000

/** Runs `antiphon inspect` until it is interrupted. Returns the exit code. */
export async function runInspect(
  recording: string | undefined,
  flags: InspectFlags,
  host: Host,
): Promise<number> {
  const printer = new Printer(flags, host)
  if (recording !== undefined) return inspectRecording(recording, flags, host, printer)
  const endpoints = await endpointsOf(flags)
  const open = await openLink(flags, host.env, printer.printPacket)
  try {
    const inspector = await openPage(flags, { link: open.link, endpoints })
    return await observeBroker(open, inspector, flags, host, printer).finally(() => inspector.close())
  } finally {
    await open.link.close()
  }
}

async function observeBroker(
  { link, broker, connected$ }: OpenLink,
  { url, sink }: Inspector,
  { filter: filters = ['#'], payloadBytes = defaultPayloadBytes }: InspectFlags,
  host: Host,
  printer: Printer,
): Promise<number> {
  const prints = new PrintQueue()
  const refused$ = new Subject<never>()
  const observation = observeMessages(link, sink, {
    filter: filters,
    payloadBytes,
    onError: (error) => refused$.error(error),
  })
  const online$ = link.state$.pipe(
    filter(({ status }) => status === 'online'),
    take(1),
    tap(() => prints.add(() => printAddress(`the exchanges of ${broker}`, filters.join(' '), url, printer))),
    filter(() => false),
  )
  try {
    const running$ = merge(online$, refused$, interrupted$(host)).pipe(failingWith(connected$), take(1))
    await lastValueFrom(running$, { defaultValue: undefined })
    await prints.printed()
    return exitCodes.answered
  } finally {
    observation.unsubscribe()
  }
}

async function inspectRecording(
  file: string,
  flags: InspectFlags,
  host: Host,
  printer: Printer,
): Promise<number> {
  if (flags.contract !== undefined) throw usageError('--contract needs a broker: leave the recording out')
  const inspector = await openPage(flags, { recorded: true })
  try {
    const skipped = await readRecording(file, inspector.sink).catch((error: unknown) => {
      throw usageError(`cannot read ${file}: ${AntiphonError.from(error).rawMessage}`)
    })
    if (skipped > 0) await printer.notice(`${skipped} lines of ${file} are not events`)
    await printAddress(`the exchanges in ${file}`, file, inspector.url, printer)
    await lastValueFrom(interrupted$(host).pipe(take(1)))
    return exitCodes.answered
  } finally {
    await inspector.close()
  }
}

function openPage(
  { port, traceUrl }: InspectFlags,
  options: NonNullable<Parameters<typeof inspect>[0]>,
): Promise<Inspector> {
  return inspect({
    ...options,
    ...(port !== undefined && { port }),
    ...(traceUrl !== undefined && { traceUrl }),
  }).catch((error: unknown) => {
    throw usageError(`cannot serve the page: ${AntiphonError.from(error).rawMessage}`)
  })
}

/** Prints the address of the page as a result: a user opens it, and a program reads it. */
function printAddress(what: string, topic: string, url: string, printer: Printer): Promise<void> {
  return printer.result({ type: 'ready', topic, url }, `showing ${what}, until Ctrl-C: ${url}`)
}

async function endpointsOf({ contract }: InspectFlags): Promise<readonly Endpoint[]> {
  if (contract === undefined) return []
  const { contractEndpoints } = await import('../endpoint/contract-endpoint.js')
  return Object.values(await contractEndpoints(contract))
}

function interrupted$({ signal }: Host): Observable<unknown> {
  return signal.aborted ? of(undefined) : fromEvent(signal, 'abort')
}
