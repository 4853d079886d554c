import { requests$, serve, type Endpoint, type EndpointTypes, type Handler, type Link } from '@antiphon/core'
import { announceService$ } from '@antiphon/core/discovery'
import { setTimeout as wait } from 'node:timers/promises'
import {
  fromEvent,
  ignoreElements,
  lastValueFrom,
  merge,
  NEVER,
  of,
  Subject,
  tap,
  type Observable,
} from 'rxjs'
import type { ServeFlags } from '../flags/serve-flags.js'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { linkFor, type CommandEndpoint } from '../dialects/command-endpoint.js'
import { createEndpoint, hasDataValues } from '../endpoint/create-endpoint.js'
import { toFramed, withoutFrame } from '../dialects/framing.js'
import { exitCodes } from '../exit-codes.js'
import type { Host } from '../host.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'
import { printReceived, printServed } from './print-requests.js'
import { toRespond, toResponse, type Respond } from './responder.js'
import { toRequestsOptions, toServeOptions } from './serve-options.js'

/** Runs `antiphon serve` until it is interrupted, or has served `--count` requests. Returns the exit code. */
export async function runServe(topic: string, flags: ServeFlags, host: Host): Promise<number> {
  const printer = new Printer(flags, host)
  const prints = new PrintQueue()
  const respond = await toRespond(flags)
  const endpoint = await createEndpoint({
    topic,
    isStream: flags.stream === true,
    acceptsNotifications: flags.notifications === true,
    isResponder: true,
    flags,
  })
  const { link, broker, connected$ } = await openLink(flags, host.env, printer.printPacket)
  const drain$ = new Subject<unknown>()
  const onSubscribed = (): void =>
    prints.add(() => printer.notice(`serving ${topic} at ${broker}, until Ctrl-C`, { type: 'ready', topic }))
  let served = 0
  const announced$ = announcementOf$(link, endpoint, flags)
  try {
    const served$ = requests$(linkFor(endpoint, link), endpoint, {
      ...{ ...endpoint.serving, ...toRequestsOptions(flags), drain$, onSubscribed },
    }).pipe(
      tap((request) => prints.add(() => printReceived(request, flags, printer))),
      serve(handlerOf(respond, endpoint, flags), toServeOptions(flags)),
      tap((record) => prints.add(() => printServed(record, flags, printer))),
      tap(() => {
        served += 1
        if (served === flags.count) drain$.next(undefined)
      }),
      failingWith(merge(connected$, announced$)),
    )
    const ended = lastValueFrom(served$, { defaultValue: undefined })
    const interrupted$: Observable<unknown> = host.signal.aborted
      ? of(undefined)
      : fromEvent(host.signal, 'abort')
    interrupted$.subscribe((event) => drain$.next(event))
    await ended
    await prints.printed()
    return exitCodes.answered
  } finally {
    await link.close()
  }
}

/** Announces the service while it is subscribed; never emits. */
function announcementOf$(link: Link, endpoint: Endpoint, flags: ServeFlags): Observable<never> {
  const { service: name, serviceVersion: version = '0.0.0', group } = flags
  if (name === undefined) return NEVER
  const endpoints = [{ endpoint, ...(group !== undefined && { group }) }]
  return announceService$(link, { name, version, endpoints }).pipe(ignoreElements())
}

function handlerOf(respond: Respond, endpoint: CommandEndpoint, flags: ServeFlags): Handler<EndpointTypes> {
  let count = 0
  const { delay, stream } = flags
  const isStream = stream === true
  const { framing } = endpoint
  const sendsData = hasDataValues(endpoint)
  return async function* (request) {
    count += 1
    const payloads = await respond(framing === undefined ? request : withoutFrame(request, framing), count)
    const sent = isStream ? payloads : payloads.slice(0, 1)
    for (const payload of framing === undefined ? sent : await toFramed(sent, framing, isStream)) {
      if (delay !== undefined) await wait(delay, undefined, { signal: request.signal })
      yield toResponse(payload, sendsData, flags)
    }
  }
}
