import { setTimeout as wait } from 'node:timers/promises'
import { exchange$, type Link } from '@antiphon/core'
import type { ConnectOptions } from '@antiphon/mqtt'
import { delay, firstValueFrom, of } from 'rxjs'
import { counted, type Measure } from '../measure/measure.js'
import { echo } from './contracts.js'
import { startResponder, type StartedResponder } from './start-responder.js'

const total = 40
/** Milliseconds between the end of the first start and the second, in which requests are sent. */
const absence = 500
const persistent: ConnectOptions = { clean: false, properties: { sessionExpiryInterval: 300 } }

/** Pauses a responder with a persistent session and starts it again, with requests before, during and after. */
export const pausedSession: Measure = {
  name: 'requests answered that were sent before, during and after a pause of a persistent session',
  design: 'Stopping',
  target: 'all, none twice',
  needsGroups: false,
  run: async ({ connect }) => {
    const runs = new Map<string, number>()
    const start = async (): Promise<{ readonly link: Link; readonly responder: StartedResponder }> => {
      const link = connect('paused', persistent)
      const responder = await startResponder(link, echo, ({ value }) => {
        runs.set(value, (runs.get(value) ?? 0) + 1)
        return of(value).pipe(delay(50))
      })
      return { link, responder }
    }
    const requester = connect('requester')
    const pending: Promise<string>[] = []
    const send = (count: number): void => {
      for (let sent = 0; sent < count; sent++)
        pending.push(firstValueFrom(exchange$(requester, echo, String(pending.length), { timeout: 20_000 })))
    }
    const first = await start()
    send(total / 4)
    // Some of the requests have reached the responder, others arrive while it pauses.
    await wait(20)
    send(total / 4)
    await first.responder.drain()
    await first.link.close()
    send(total / 4)
    await wait(absence)
    const second = await start()
    send(total / 4)
    const settled = await Promise.allSettled(pending)
    await second.link.close()
    const answered = settled.filter(({ status }) => status === 'fulfilled').length
    const twice = [...runs.values()].filter((count) => count > 1).length
    const result = counted(answered, total, `${twice} handled twice`)
    return { ...result, isMet: result.isMet && twice === 0 }
  },
}
