import { setTimeout as wait } from 'node:timers/promises'
import { exchange$, type Link } from '@antiphon/core'
import { delay, firstValueFrom, of } from 'rxjs'
import { median } from '../../faults/figures.js'
import type { Measure } from '../measure/measure.js'
import { echo, undisturbedEcho } from './contracts.js'
import { startResponder } from './start-responder.js'

const fastTime = 5
const slowTime = 3_000
/** Milliseconds between two pairs of requests. */
const period = 10
const maxRatio = 1.2

/**
 * Compares the median latency of a responder with a slow handler to that of another one without.
 *
 * Both get requests at the same times, so that a change of the machine's speed concerns both.
 */
export const slowHandler: Measure = {
  name: 'median latency beside a handler of 3 s, compared to a responder without one',
  design: 'Acknowledgement',
  target: `at most ${maxRatio} ×`,
  needsGroups: false,
  isTimed: true,
  run: async ({ connect, requests }) => {
    await startResponder(connect('responder'), echo, ({ value }) =>
      of(value).pipe(delay(value === 'slow' ? slowTime : fastTime)),
    )
    await startResponder(connect('undisturbed'), undisturbedEcho, ({ value }) =>
      of(value).pipe(delay(fastTime)),
    )
    const requester = connect('requester')
    await latency(requester, undisturbedEcho)
    const beside: Promise<number>[] = []
    const alone: Promise<number>[] = []
    let nextSlowAt = performance.now()
    for (let pair = 0; pair < requests; pair++) {
      if (performance.now() >= nextSlowAt) {
        // The last slow handlers are cancelled by the end of the measure.
        exchange$(requester, echo, 'slow').subscribe({ error: () => undefined })
        // Before the handler has started, it delays nothing.
        await wait(10 * period)
        nextSlowAt = performance.now() + slowTime
      }
      // Each is the first of a pair equally often.
      const isFirst = pair % 2 === 0
      if (isFirst) beside.push(latency(requester, echo))
      alone.push(latency(requester, undisturbedEcho))
      if (!isFirst) beside.push(latency(requester, echo))
      await wait(period)
    }
    const [besideMedian, aloneMedian] = [median(await Promise.all(beside)), median(await Promise.all(alone))]
    const ratio = besideMedian / aloneMedian
    return {
      value: `${ratio.toFixed(2)} ×`,
      isMet: ratio <= maxRatio,
      detail: `${besideMedian.toFixed(1)} to ${aloneMedian.toFixed(1)} ms`,
    }
  },
}

/** Sends a request; resolves with the milliseconds until its response. */
async function latency(link: Link, contract: typeof echo): Promise<number> {
  const sentAt = performance.now()
  await firstValueFrom(exchange$(link, contract, 'fast'))
  return performance.now() - sentAt
}
