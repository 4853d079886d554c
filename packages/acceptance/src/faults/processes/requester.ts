import { AntiphonError, exchange$, type ExchangeOptions, type Link } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { filter, firstValueFrom, tap } from 'rxjs'
import { requestIn, work } from '../run/contract.js'
import { writeLedger } from '../run/ledger.js'
import type { RequestPolicy } from '../run/plan.js'
import { Cancels } from './cancels.js'
import { Pending } from './pending.js'
import { connectRecorded, recordUnmatchedResponses } from './recorded-link.js'
import { sendStream } from './send-stream.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a requester. */
export interface RequesterRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
  /** The file for the events of its link, if the inspector watches the run. */
  readonly events?: string
  /** Requests a second. */
  readonly rate: number
  readonly requestPolicy: RequestPolicy
}

const { name, port, ledger: file, events, rate, requestPolicy } = readRole<RequesterRole>()
const ledger = writeLedger(file)
const options: ExchangeOptions = {
  timeout: requestPolicy.timeout,
  ...(requestPolicy.style === 'retried' && {
    retry: {
      count: 5,
      attemptTimeout: 2_500,
      backOff: { initial: 100, maximum: 500 },
      // A killed broker loses more requests in flight than the default budget would send again.
      budget: { burst: Infinity },
    },
    onDisconnect: 'resend',
  }),
}

const unwrapped = connectRecorded(port, { clientId: name }, { ledger, events })
const recordAcknowledgements = linkMiddleware({
  publish$: (message, next) => {
    const request = message.topic === work.topic.template ? requestIn(message.payload) : undefined
    if (request === undefined) return next(message)
    return next(message).pipe(
      tap(({ reasonCode: reason }) => ledger.append({ event: 'acknowledged', request, reason })),
    )
  },
})
const link: Link = recordAcknowledgements(unwrapped)
recordUnmatchedResponses(link, ledger)

const pending = new Pending()
const cancels = new Cancels({ name, link, ledger, pending })
let sentCount = 0
let streamCount = 0

function sendRequest(): void {
  const request = `${name}/${(sentCount += 1)}`
  const settle = pending.add()
  ledger.append({ event: 'sent', request })
  exchange$(link, work, request, options).subscribe({
    next: ({ request: respondsTo }) =>
      ledger.append({ event: 'settled', request, outcome: 'response', respondsTo }),
    error: (error: unknown) => {
      const { code, message } = AntiphonError.from(error)
      ledger.append({ event: 'settled', request, outcome: code, message })
      settle()
    },
    complete: settle,
  })
}

/** Milliseconds between two streams, and between two requests that are cancelled. */
const streamPeriod = 1_000
const cancelPeriod = 100

/** Sends requests at the configured rate. Requests that a stopped process missed are not sent later. */
function load(): readonly NodeJS.Timeout[] {
  const tick = 10
  const maxBurst = rate / 4
  let last = performance.now()
  let due = 0
  return [
    setInterval(() => {
      const now = performance.now()
      due = Math.min(maxBurst, due + ((now - last) * rate) / 1_000)
      last = now
      for (; due >= 1; due -= 1) sendRequest()
    }, tick),
    setInterval(
      () => sendStream({ stream: `${name}/stream-${(streamCount += 1)}`, link, ledger, pending, options }),
      streamPeriod,
    ),
    setInterval(() => cancels.send(), cancelPeriod),
  ]
}

async function finish(): Promise<void> {
  await pending.untilNone()
  cancels.sendFinal()
  await pending.untilNone()
  await unwrapped.close()
  ledger.append({ event: 'finished' })
  notifyParent('finished')
}

let timers: readonly NodeJS.Timeout[] = []
onParentMessage({
  load: () => {
    timers = load()
  },
  finish: () => {
    timers.forEach(clearInterval)
    void finish()
  },
})
await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
notifyParent('ready')
