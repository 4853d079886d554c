import { exchange$ } from '@antiphon/core'
import { delay, firstValueFrom, of } from 'rxjs'
import { counted, type Measure } from '../measure/measure.js'
import { echo, group } from './contracts.js'
import { startResponder } from './start-responder.js'

const total = 20
const handlerTime = 700
const attemptTimeout = 300

/** Retries requests of a group while their handlers run. */
export const retries: readonly Measure[] = [2, 3, 10].map((members) => ({
  name: `retried requests that run once, in a group of ${members}`,
  design: 'Groups',
  target: 'all',
  needsGroups: true,
  run: async ({ connect }) => {
    const runs = new Map<string, number>()
    for (let member = 0; member < members; member++)
      await startResponder(
        connect(`member-${member}`),
        echo,
        ({ value }) => {
          runs.set(value, (runs.get(value) ?? 0) + 1)
          return of(value).pipe(delay(handlerTime))
        },
        { group },
      )
    const requester = connect('requester')
    const options = { timeout: 20_000, retry: { count: 3, attemptTimeout } }
    const values = Array.from({ length: total }, (_, index) => String(index))
    const settled = await Promise.allSettled(
      values.map((value) => firstValueFrom(exchange$(requester, echo, value, options))),
    )
    const answered = settled.filter(({ status }) => status === 'fulfilled').length
    const ranOnce = values.filter((value) => runs.get(value) === 1).length
    return counted(Math.min(answered, ranOnce), total, `${answered} answered`)
  },
}))
