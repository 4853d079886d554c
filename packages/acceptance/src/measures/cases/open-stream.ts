import { exchange$, type Link } from '@antiphon/core'
import { catchError, from, lastValueFrom, map, mergeMap, NEVER, of, startWith, toArray } from 'rxjs'
import { counted, type Measure } from '../measure/measure.js'
import { echo, numbers } from './contracts.js'
import { startResponder } from './start-responder.js'

const concurrency = 100

/** Sends many requests to a link that also serves a stream without an end. */
export const openStream: Measure = {
  name: 'requests answered beside an open stream',
  design: 'Acknowledgement',
  target: 'all',
  needsGroups: false,
  run: async ({ connect, requests }) => {
    const responder = connect('responder')
    await startResponder(responder, numbers, () => NEVER.pipe(startWith('first')))
    await startResponder(responder, echo, ({ value }) => of(value))
    const requester = connect('requester')
    let hasEnded = false
    const opened = new Promise<void>((resolve) => {
      exchange$(requester, numbers, 'all', { timeout: 60_000 }).subscribe({
        next: () => resolve(),
        error: () => (hasEnded = true),
        complete: () => (hasEnded = true),
      })
    })
    await opened
    const answered = await countAnswered(requester, requests)
    return counted(answered, requests, hasEnded ? 'the stream ended' : 'stream still open')
  },
}

async function countAnswered(link: Link, count: number): Promise<number> {
  const values = Array.from({ length: count }, (_, index) => String(index))
  const results = await lastValueFrom(
    from(values).pipe(
      mergeMap(
        (value) =>
          exchange$(link, echo, value, { timeout: 10_000 }).pipe(
            map((response) => response === value),
            catchError(() => of(false)),
          ),
        concurrency,
      ),
      toArray(),
    ),
  )
  return results.filter(Boolean).length
}
