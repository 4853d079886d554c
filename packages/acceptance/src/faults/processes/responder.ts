import { ignoredRequests$, requests$, serve, type Message } from '@antiphon/core'
import { delay, firstValueFrom, of, Subject } from 'rxjs'
import { group, requestIn, work } from '../run/contract.js'
import { writeLedger } from '../run/ledger.js'
import { connectRecorded } from './recorded-link.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a responder. */
export interface ResponderRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
}

const { name, port, ledger: file } = readRole<ResponderRole>()
const ledger = writeLedger(file)
// After a restart the responder connects under the same client id and resumes its session.
const link = connectRecorded(
  port,
  { clientId: name, clean: false, properties: { sessionExpiryInterval: 300 } },
  ledger,
)
ignoredRequests$(link).subscribe(({ reason }) => {
  if (reason === 'duplicate') ledger.append({ event: 'duplicate' })
})

/** The longest run of a handler in milliseconds, so that some handlers are always running. */
const maxHandlerTime = 100
const drain$ = new Subject<void>()
requests$(link, work, { group, drain$, acknowledge: 'after-response' })
  .pipe(
    serve(({ value: request, message }) => {
      ledger.append({ event: 'handler-started', request, identity: identityOf(message) })
      return of({ request, responder: name }).pipe(delay(Math.random() * maxHandlerTime))
    }),
  )
  .subscribe({
    next: ({ request, outcome }) =>
      ledger.append({ event: 'served', request: requestIn(request.payload) ?? '', outcome }),
    complete: () => void finish(),
  })

function identityOf({ correlationData, responseTopic }: Message): string {
  return `${Buffer.from(correlationData ?? []).toString('hex')} ${responseTopic}`
}

async function finish(): Promise<void> {
  await link.close()
  ledger.append({ event: 'finished' })
  notifyParent('finished')
}

onParentMessage({ finish: () => drain$.next() })
await firstValueFrom(link.subscription$(`$share/${group}/${work.topic.template}`))
notifyParent('ready')
