import { exchange$ } from '@antiphon/core'
import { Observable } from 'rxjs'
import { counted, type Measure } from '../measure/measure.js'
import { waitUntil } from '../measure/wait-until.js'
import { echo, group } from './contracts.js'
import { startResponder } from './start-responder.js'

const total = 31
const maxWait = 10_000

/** Cancels requests of a group while their handlers run. */
export const cancels: readonly Measure[] = [2, 3, 10].map((members) => ({
  name: `cancels that stop their handler, in a group of ${members}`,
  design: 'Groups',
  target: 'all',
  needsGroups: true,
  run: async ({ connect }) => {
    let started = 0
    let stopped = 0
    const handler = (): Observable<string> =>
      new Observable(() => {
        started += 1
        return () => (stopped += 1)
      })
    for (let member = 0; member < members; member++)
      await startResponder(connect(`member-${member}`), echo, handler, { group })
    const requester = connect('requester')
    const exchanges = Array.from({ length: total }, (_, index) =>
      exchange$(requester, echo, String(index), { timeout: 60_000 }).subscribe({ error: () => undefined }),
    )
    await waitUntil(() => started === total, maxWait)
    for (const exchange of exchanges) exchange.unsubscribe()
    const cancelledAt = performance.now()
    await waitUntil(() => stopped === total, maxWait)
    return counted(stopped, total, `within ${Math.round(performance.now() - cancelledAt)} ms`)
  },
}))
