import { AntiphonError, type Link } from '@antiphon/core'
import {
  discover$,
  pingServices$,
  serviceInfo$,
  serviceStats$,
  type DiscoveryEvent,
  type QueryOptions,
  type ServiceInfo,
  type ServicePing,
  type ServiceStats,
} from '@antiphon/core/discovery'
import { fromEvent, lastValueFrom, map, of, takeUntil, tap, type Observable } from 'rxjs'
import { failingWith } from '../connection/failing-with.js'
import { openLink } from '../connection/open-link.js'
import { exitCodes } from '../exit-codes.js'
import type { DiscoveryFlags } from '../flags/discovery-flags.js'
import type { Host } from '../host.js'
import { PrintQueue } from '../output/print-queue.js'
import { Printer } from '../output/printer.js'

/** What is printed of a service. */
type Query = 'info' | 'ls' | 'ping' | 'stats'

/** Runs a command of discovery. Returns 0 if a service has responded, 4 if none has. */
export async function runDiscovery(
  query: Query,
  service: string | undefined,
  flags: DiscoveryFlags,
  host: Host,
): Promise<number> {
  const printer = new Printer(flags, host)
  const prints = new PrintQueue()
  const options = optionsOf(service, flags)
  const isWatching = flags.watch === true
  const { link, connected$ } = await openLink(flags, host.env, printer.printPacket)
  let count = 0
  const interrupted$: Observable<unknown> = host.signal.aborted
    ? of(undefined)
    : fromEvent(host.signal, 'abort')
  const { instanceId: _, ...all } = options
  const services$: Observable<readonly [ServicePing, string]> = isWatching
    ? events$(discover$(link, all))
    : servicesOf$(query, link, options)
  try {
    const printed$ = services$.pipe(
      tap(([each, text]) => {
        count += 1
        prints.add(() => printer.result({ type: 'service', query, service: { ...each } }, text))
      }),
      failingWith(connected$),
      takeUntil(interrupted$),
    )
    await lastValueFrom(printed$, { defaultValue: undefined })
    await prints.printed()
    if (isWatching) return exitCodes.answered
    host.signal.throwIfAborted()
    if (count > 0) return exitCodes.answered
    const name = service === undefined ? 'no service' : `no service ${service}`
    throw new AntiphonError(
      'no-responder',
      `${name} responds; does it announce itself, as serve --service does?`,
    )
  } finally {
    await link.close()
  }
}

function optionsOf(name: string | undefined, flags: DiscoveryFlags): QueryOptions {
  const { instance: instanceId, prefix, timeout, stallTimeout } = flags
  return {
    ...(name !== undefined && { name }),
    ...(instanceId !== undefined && { instanceId }),
    ...(prefix !== undefined && { prefix }),
    ...(timeout !== undefined && { timeout }),
    ...(stallTimeout !== undefined && { stallTimeout }),
  }
}

function servicesOf$(
  query: Query,
  link: Link,
  options: QueryOptions,
): Observable<readonly [ServicePing, string]> {
  switch (query) {
    case 'ping':
      return shown$(pingServices$(link, options), nameOf)
    case 'ls':
      return shown$(serviceInfo$(link, options), listText)
    case 'info':
      return shown$(serviceInfo$(link, options), infoText)
    case 'stats':
      return shown$(serviceStats$(link, options), statsText)
  }
}

function shown$<A extends ServicePing>(
  services$: Observable<A>,
  textOf: (service: A) => string,
): Observable<readonly [ServicePing, string]> {
  return services$.pipe(map((service) => [service, textOf(service)] as const))
}

function events$(source$: Observable<DiscoveryEvent>): Observable<readonly [ServicePing, string]> {
  return source$.pipe(
    map((event) => {
      const reason = event.kind === 'lost' ? ` (${event.reason})` : ''
      return [
        { ...event.service, kind: event.kind },
        `${event.kind}${reason} ${nameOf(event.service)}`,
      ] as const
    }),
  )
}

function nameOf({ name, instanceId, version }: ServicePing): string {
  return `${name} ${instanceId} ${version}`
}

function listText(service: ServiceInfo): string {
  return `${nameOf(service)} ${service.endpoints.map(({ topic }) => topic).join(' ')}`
}

function infoText(service: ServiceInfo): string {
  const endpoints = service.endpoints.map(
    ({ topic, responses, requestTypes, responseTypes, group }) =>
      `  ${topic} ${requestTypes.join('|')} -> ${responseTypes.join('|')}${responses === 'many' ? ' (stream)' : ''}${group === undefined ? '' : ` in group ${group}`}`,
  )
  const about = service.description === undefined ? [] : [`  ${service.description}`]
  return [nameOf(service), ...about, ...endpoints].join('\n')
}

function statsText(service: ServiceStats): string {
  const endpoints = service.endpoints.map(
    ({ name, requests, errors, processing: { p50, p90, p99 } }) =>
      `  ${name} ${requests} requests, ${errors} errors, p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms`,
  )
  return [nameOf(service), ...endpoints].join('\n')
}
