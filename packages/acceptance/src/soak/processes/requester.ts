import { setTimeout as wait } from 'node:timers/promises'
import { AntiphonError, requesterStats, exchange$, request, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { filter, firstValueFrom, lastValueFrom, take } from 'rxjs'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { reading, readings, unanswered } from '../contract.js'
import { takeSample } from '../sample.js'
import type { SoakPeerRole } from './responder.js'

const { port, samples, samplePeriod, rate } = readRole<SoakPeerRole>()
const url = `mqtt://127.0.0.1:${port}`
const link = connect(url, { clientId: 'requester' })
const toValue = (id: number) => ({ id, city: `city ${id % 100}` })

let sentCount = 0
let answered = 0
let failed = 0
const fail = (error: unknown): void => {
  failed += 1
  console.error(AntiphonError.from(error).message)
}

function sendRequest(): void {
  sentCount += 1
  exchange$(link, reading, toValue(sentCount), { timeout: 5_000 }).subscribe({
    next: () => (answered += 1),
    error: fail,
  })
}

/** The requests beside the steady load, none of which may leave memory or subscriptions behind. */
const occasionalRequests: readonly ((link: Link) => Promise<unknown>)[] = [
  // A stream read to its end, one that is unsubscribed early, and one with credit.
  (target) => lastValueFrom(exchange$(target, readings, toValue(sentCount))),
  (target) => lastValueFrom(exchange$(target, readings, toValue(sentCount)).pipe(take(3))),
  (target) => lastValueFrom(exchange$(target, readings, toValue(sentCount), { credit: 2 })),
  // A request that times out, and one that is cancelled.
  (target) => request(target, unanswered, toValue(sentCount), { timeout: 200 }).catch(() => undefined),
  (target) =>
    request(target, unanswered, toValue(sentCount), { signal: AbortSignal.timeout(100) }).catch(
      () => undefined,
    ),
  // A client that connects, sends a request and disconnects.
  async () => {
    const shortLink = connect(url)
    await request(shortLink, reading, toValue(sentCount))
    await shortLink.close()
  },
]

function load(): readonly NodeJS.Timeout[] {
  const tick = 10
  let last = performance.now()
  let due = 0
  const steady = setInterval(() => {
    const now = performance.now()
    due = Math.min(rate, due + ((now - last) * rate) / 1_000)
    last = now
    for (; due >= 1; due -= 1) sendRequest()
  }, tick)
  let round = 0
  const occasional = setInterval(() => {
    occasionalRequests[(round += 1) % occasionalRequests.length]?.(link).catch(fail)
  }, 250)
  return [steady, occasional]
}

const counters = (): Readonly<Record<string, number>> => ({
  sent: sentCount,
  answered,
  failed,
  pending:
    requesterStats(link, reading).pending +
    requesterStats(link, readings).pending +
    requesterStats(link, unanswered).pending,
})
const sampling = setInterval(() => takeSample(samples, counters()), samplePeriod)

/** Closes the link once all requests have settled. */
async function finish(): Promise<void> {
  for (let isPending = true; isPending; isPending = counters()['pending'] !== 0) await wait(50)
  await link.close()
  takeSample(samples, counters())
  notifyParent('finished')
}

let loadTimers: readonly NodeJS.Timeout[] = []
onParentMessage({
  load: () => {
    loadTimers = load()
  },
  finish: () => {
    for (const timer of [sampling, ...loadTimers]) clearInterval(timer)
    void finish()
  },
})
await firstValueFrom(link.state$.pipe(filter(({ status }) => status === 'online')))
takeSample(samples, counters())
notifyParent('ready')
