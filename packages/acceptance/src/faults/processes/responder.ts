import { ignoredRequests$, requests$, serve, type Message } from '@antiphon/core'
import { delay, firstValueFrom, of, Subject } from 'rxjs'
import { group, requestIn, work } from '../contract.js'
import { writeLedger } from '../ledger.js'
import { notedLink } from './noted-link.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a responder. */
export interface ResponderRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
}

const { name, port, ledger: file } = readRole<ResponderRole>()
const ledger = writeLedger(file)
// It comes back after a death as the one it was, and its session with it.
const link = notedLink(
  port,
  { clientId: name, clean: false, properties: { sessionExpiryInterval: 300 } },
  ledger,
)
ignoredRequests$(link).subscribe(({ reason }) => {
  if (reason === 'duplicate') ledger.note({ event: 'recognised' })
})

/** Milliseconds a handler takes at most, so that some work is always in hand. */
const longest = 100
const drain$ = new Subject<void>()
requests$(link, work, { group })
  .pipe(
    serve(
      ({ value: request, message }) => {
        ledger.note({ event: 'ran', request, as: identityOf(message) })
        return of({ request, by: name }).pipe(delay(Math.random() * longest))
      },
      { drain$ },
    ),
  )
  .subscribe({
    next: ({ request, outcome }) =>
      ledger.note({ event: 'served', request: requestIn(request.payload) ?? '', outcome }),
    complete: () => void leave(),
  })

function identityOf({ correlationData, responseTopic }: Message): string {
  return `${Buffer.from(correlationData ?? []).toString('hex')} ${responseTopic}`
}

async function leave(): Promise<void> {
  await link.close()
  ledger.note({ event: 'left' })
  notifyParent('finished')
}

onParentMessage({ finish: () => drain$.next() })
await firstValueFrom(link.subscription$(`$share/${group}/${work.topic.template}`))
notifyParent('ready')
