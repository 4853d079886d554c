import { setTimeout as wait } from 'node:timers/promises'
import { exchange$, type Link } from '@antiphon/core'
import { delay, firstValueFrom, of } from 'rxjs'
import { median } from '../../faults/figures.js'
import type { Measure } from '../measure.js'
import { echo } from './contracts.js'
import { startResponder } from './start-responder.js'

const fastTime = 5
const slowTime = 3_000
/** Milliseconds between two requests. */
const period = 10
const rounds = 4
const maxRatio = 1.2

/**
 * Compares the median latency of requests with and without a slow handler beside them.
 *
 * Rounds with and without the slow handler alternate, so that a change of the machine's speed concerns both.
 */
export const slowHandler: Measure = {
  name: 'median latency beside a handler of 3 s, compared to alone',
  design: 'Acknowledgement',
  target: `at most ${maxRatio} ×`,
  needsGroups: false,
  isTimed: true,
  run: async ({ connect, requests }) => {
    await startResponder(connect('responder'), echo, ({ value }) =>
      of(value).pipe(delay(value === 'slow' ? slowTime : fastTime)),
    )
    const requester = connect('requester')
    await firstValueFrom(exchange$(requester, echo, 'first'))
    const alone: number[] = []
    const beside: number[] = []
    const perRound = Math.min(200, Math.ceil(requests / rounds))
    for (let round = 0; round < rounds; round++) {
      alone.push(...(await latencies(requester, perRound)))
      const slow = firstValueFrom(exchange$(requester, echo, 'slow'))
      // The slow handler must have started before the others.
      await wait(100)
      beside.push(...(await latencies(requester, perRound)))
      await slow
    }
    const ratio = median(beside) / median(alone)
    return {
      value: `${ratio.toFixed(2)} ×`,
      isMet: ratio <= maxRatio,
      detail: `${median(beside).toFixed(1)} ms and ${median(alone).toFixed(1)} ms`,
    }
  },
}

/** Sends requests at a steady rate; resolves with the milliseconds that each was pending. */
async function latencies(link: Link, count: number): Promise<readonly number[]> {
  const pending: Promise<number>[] = []
  for (let index = 0; index < count; index++) {
    const sentAt = performance.now()
    pending.push(firstValueFrom(exchange$(link, echo, 'fast')).then(() => performance.now() - sentAt))
    await wait(period)
  }
  return Promise.all(pending)
}
