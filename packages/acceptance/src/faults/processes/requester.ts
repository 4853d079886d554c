import { AntiphonError, exchange$, type ExchangeOptions } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { filter, firstValueFrom, tap } from 'rxjs'
import { requestIn, work } from '../contract.js'
import { writeLedger } from '../ledger.js'
import type { Asking } from '../plan.js'
import { notedLink, noteStrays } from './noted-link.js'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of a requester. */
export interface RequesterRole {
  readonly name: string
  readonly port: number
  readonly ledger: string
  /** Requests a second. */
  readonly rate: number
  readonly asking: Asking
}

const { name, port, ledger: file, rate, asking: requesting } = readRole<RequesterRole>()
const ledger = writeLedger(file)
const options: ExchangeOptions = {
  timeout: requesting.timeout,
  ...(requesting.style === 'again' && {
    retry: { count: 5, attemptTimeout: 2_500, backOff: { initial: 100, maximum: 500 } },
    onDisconnect: 'resend',
  }),
}

const plain = notedLink(port, { clientId: name }, ledger)
const acknowledged = linkMiddleware({
  publish$: (message, next) => {
    const request = requestIn(message.payload)
    if (request === undefined) return next(message)
    return next(message).pipe(
      tap(({ reasonCode: reason }) => ledger.note({ event: 'acknowledged', request, reason })),
    )
  },
})
const link = acknowledged(plain)
noteStrays(link, ledger)

let requested = 0
let open = 0
let isFinishing = false

function sendRequest(): void {
  const request = `${name}/${(requested += 1)}`
  open += 1
  ledger.note({ event: 'asked', request })
  exchange$(link, work, request, options).subscribe({
    next: ({ request: of }) => ledger.note({ event: 'ended', request, outcome: 'answer', of }),
    error: (error: unknown) => {
      const { code, message } = AntiphonError.from(error)
      ledger.note({ event: 'ended', request, outcome: code, why: message })
      over()
    },
    complete: over,
  })
}

function over(): void {
  open -= 1
  if (isFinishing && open === 0) void leave()
}

async function leave(): Promise<void> {
  await plain.close()
  ledger.note({ event: 'left' })
  notifyParent('finished')
}

/** Keeps the rate; what a stopped process missed is not made up for. */
function load(): NodeJS.Timeout {
  const tick = 10
  const most = rate / 4
  let last = performance.now()
  let owed = 0
  return setInterval(() => {
    const now = performance.now()
    owed = Math.min(most, owed + ((now - last) * rate) / 1_000)
    last = now
    for (; owed >= 1; owed -= 1) sendRequest()
  }, tick)
}

let loading: NodeJS.Timeout | undefined
onParentMessage({
  load: () => {
    loading = load()
  },
  finish: () => {
    clearInterval(loading)
    isFinishing = true
    if (open === 0) void leave()
  },
})
await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
notifyParent('ready')
