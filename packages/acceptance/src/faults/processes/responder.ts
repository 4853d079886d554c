import { createHash } from 'node:crypto'
import {
  ignoredRequests$,
  requests$,
  serve,
  type Endpoint,
  type EndpointTypes,
  type Message,
  type RequestsOptions,
} from '@antiphon/core'
import { concatMap, delay, firstValueFrom, merge, NEVER, of, range, startWith, Subject, tap } from 'rxjs'
import { group, held, itemOf, items, requestIn, streamLength, work } from '../run/contract.js'
import { writeLedger } from '../run/ledger.js'
import type { RequestPolicy } from '../run/plan.js'
import { connectRecorded } from './recorded-link.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a responder. */
export interface ResponderRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
  /** The file for the events of its link, if the inspector watches the run. */
  readonly events?: string
  readonly requestPolicy: RequestPolicy
}

const { name, port, ledger: file, events, requestPolicy } = readRole<ResponderRole>()
const ledger = writeLedger(file)
// After a restart the responder connects under the same client id and resumes its session.
const link = connectRecorded(
  port,
  { clientId: name, clean: false, properties: { sessionExpiryInterval: 300 } },
  { ledger, events },
)
ignoredRequests$(link).subscribe(({ reason }) => {
  if (reason === 'duplicate') ledger.append({ event: 'duplicate' })
})

/** The longest run of a usual handler in milliseconds, so that some handlers are always running. */
const maxHandlerTime = 100
/** One handler in this many is slow. */
const requestsPerSlowHandler = 100
const slowHandlerTime = 2_500
/** Milliseconds between two items of a stream. */
const itemPeriod = 10

const drain$ = new Subject<void>()
const optionsOf = <T extends EndpointTypes>(_: Endpoint<T>): RequestsOptions<T> => ({ group, drain$ })

const working$ = requests$(link, work, { ...optionsOf(work), acknowledge: requestPolicy.acknowledge }).pipe(
  serve(({ value: request, message }) => {
    ledger.append({ event: 'handler-started', request, identity: identityOf(message) })
    return of({ request, responder: name }).pipe(delay(handlerTimeOf(request)))
  }),
  tap(({ request, outcome }) =>
    ledger.append({ event: 'served', request: requestIn(request.payload) ?? '', outcome }),
  ),
)
const streaming$ = requests$(link, items, optionsOf(items)).pipe(
  serve(({ value: stream }) =>
    range(streamLength).pipe(concatMap((index) => of(itemOf(stream, index)).pipe(delay(itemPeriod)))),
  ),
)
const holding$ = requests$(link, held, optionsOf(held)).pipe(
  serve(({ value: request }) => {
    ledger.append({ event: 'held', request })
    return NEVER.pipe(startWith(request))
  }),
  tap(({ request, outcome }) =>
    ledger.append({ event: 'released', request: requestIn(request.payload) ?? '', outcome }),
  ),
)
merge(working$, streaming$, holding$).subscribe({ complete: () => void finish() })

function handlerTimeOf(request: string): number {
  const number = Number(request.split('/')[1])
  return number % requestsPerSlowHandler === 0 ? slowHandlerTime : Math.random() * maxHandlerTime
}

/** A responder takes requests that differ in any of these for different requests. */
function identityOf({ correlationData, responseTopic, payload }: Message): string {
  const digest = createHash('sha1').update(payload).digest('hex')
  return `${Buffer.from(correlationData ?? []).toString('hex')} ${responseTopic} ${digest}`
}

async function finish(): Promise<void> {
  await link.close()
  ledger.append({ event: 'finished' })
  notifyParent('finished')
}

onParentMessage({ finish: () => drain$.next() })
for (const { topic } of [work, items, held])
  await firstValueFrom(link.subscription$(`$share/${group}/${topic.template}`))
notifyParent('ready')
