import { exchange$, AntiphonError, type Link } from '@antiphon/core'
import { catchError, delay, interval, lastValueFrom, map, mergeMap, of, take, toArray } from 'rxjs'
import { counted, type Measure } from '../measure/measure.js'
import { echo, group } from './contracts.js'
import { startResponder, type StartedResponder } from './start-responder.js'

const members = 3
const perSecond = 300
/** The longest run of a handler in milliseconds, so that some handlers run whenever a member leaves. */
const maxHandlerTime = 100
/** How often each member is replaced. */
const rounds = 2

/** Replaces all members of a group, one after the other, while requests are sent once each. */
export const rollingRestart: Measure = {
  name: `requests answered during ${rounds} rolling restarts of 3 members`,
  design: 'Stopping',
  target: 'all, none twice, none with 503',
  needsGroups: true,
  run: async ({ connect, requests }) => {
    const runs = new Map<string, number>()
    const start = async (name: string): Promise<Member> => {
      const link = connect(name)
      const responder = await startResponder(
        link,
        echo,
        ({ value }) => {
          runs.set(value, (runs.get(value) ?? 0) + 1)
          return of(value).pipe(delay(Math.random() * maxHandlerTime))
        },
        { group },
      )
      return { link, responder }
    }
    const running: Member[] = []
    for (let member = 0; member < members; member++) running.push(await start(`member-${member}`))
    const total = 3 * requests
    const load = sendAtRate(connect('requester'), total)
    for (let restart = 0; restart < rounds * members; restart++) {
      running.push(await start(`member-${members + restart}`))
      const leaving = running.shift()
      await leaving?.responder.drain()
      await leaving?.link.close()
    }
    const outcomes = await load
    const answered = outcomes.filter((outcome) => outcome === 'response').length
    const refused = outcomes.filter((outcome) => outcome === '503').length
    const twice = [...runs.values()].filter((count) => count > 1).length
    const result = counted(answered, total, `${refused} with 503, ${twice} handled twice`)
    return { ...result, isMet: result.isMet && twice === 0 }
  },
}

interface Member {
  readonly link: Link
  readonly responder: StartedResponder
}

function sendAtRate(link: Link, total: number): Promise<readonly string[]> {
  return lastValueFrom(
    interval(1_000 / perSecond).pipe(
      take(total),
      mergeMap((index) =>
        exchange$(link, echo, String(index), { timeout: 15_000 }).pipe(
          map(() => 'response'),
          catchError((error: unknown) => of(outcomeOf(AntiphonError.from(error)))),
        ),
      ),
      toArray(),
    ),
  )
}

function outcomeOf({ code, status }: AntiphonError): string {
  return status === undefined ? code : String(status.code)
}
