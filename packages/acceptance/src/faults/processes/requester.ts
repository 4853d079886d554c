import { AntiphonError, exchange$, type ExchangeOptions } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { filter, firstValueFrom, tap } from 'rxjs'
import { requestIn, work } from '../run/contract.js'
import { writeLedger } from '../run/ledger.js'
import type { RequestPolicy } from '../run/plan.js'
import { connectRecorded, recordUnmatchedResponses } from './recorded-link.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a requester. */
export interface RequesterRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
  /** Requests a second. */
  readonly rate: number
  readonly requestPolicy: RequestPolicy
}

const { name, port, ledger: file, rate, requestPolicy } = readRole<RequesterRole>()
const ledger = writeLedger(file)
const options: ExchangeOptions = {
  timeout: requestPolicy.timeout,
  ...(requestPolicy.style === 'retried' && {
    retry: { count: 5, attemptTimeout: 2_500, backOff: { initial: 100, maximum: 500 } },
    onDisconnect: 'resend',
  }),
}

const unwrapped = connectRecorded(port, { clientId: name }, ledger)
const recordAcknowledgements = linkMiddleware({
  publish$: (message, next) => {
    const request = requestIn(message.payload)
    if (request === undefined) return next(message)
    return next(message).pipe(
      tap(({ reasonCode: reason }) => ledger.append({ event: 'acknowledged', request, reason })),
    )
  },
})
const link = recordAcknowledgements(unwrapped)
recordUnmatchedResponses(link, ledger)

let sentCount = 0
let pendingCount = 0
let isFinishing = false

function sendRequest(): void {
  const request = `${name}/${(sentCount += 1)}`
  pendingCount += 1
  ledger.append({ event: 'sent', request })
  exchange$(link, work, request, options).subscribe({
    next: ({ request: respondsTo }) =>
      ledger.append({ event: 'settled', request, outcome: 'response', respondsTo }),
    error: (error: unknown) => {
      const { code, message } = AntiphonError.from(error)
      ledger.append({ event: 'settled', request, outcome: code, message })
      onSettled()
    },
    complete: onSettled,
  })
}

function onSettled(): void {
  pendingCount -= 1
  if (isFinishing && pendingCount === 0) void finish()
}

async function finish(): Promise<void> {
  await unwrapped.close()
  ledger.append({ event: 'finished' })
  notifyParent('finished')
}

/** Sends requests at the configured rate. Requests that a stopped process missed are not sent later. */
function load(): NodeJS.Timeout {
  const tick = 10
  const maxBurst = rate / 4
  let last = performance.now()
  let due = 0
  return setInterval(() => {
    const now = performance.now()
    due = Math.min(maxBurst, due + ((now - last) * rate) / 1_000)
    last = now
    for (; due >= 1; due -= 1) sendRequest()
  }, tick)
}

let loadTimer: NodeJS.Timeout | undefined
onParentMessage({
  load: () => {
    loadTimer = load()
  },
  finish: () => {
    clearInterval(loadTimer)
    isFinishing = true
    if (pendingCount === 0) void finish()
  },
})
await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
notifyParent('ready')
