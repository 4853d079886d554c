import { AntiphonError, exchange$, type Link, type RetryOptions } from '@antiphon/core'
import { stickyGroup } from '@antiphon/core/sticky-groups'
import { catchError, interval, lastValueFrom, map, mergeMap, of, take, toArray, type Observable } from 'rxjs'
import { counted, type Measure, type MeasureContext, type MeasureResult } from '../measure/measure.js'
import { startStickyMember, stickyEcho, stickyGroupName, type StickyMember } from './sticky-member.js'
import { startMemberProcess } from './sticky-member-process.js'

const groupSize = 3
const keys: readonly string[] = Array.from({ length: 60 }, (_, index) => `key-${index}`)
const perSecond = 300
const maxWait = 30_000
/** Members handle a request for so many milliseconds, so that some requests are with each member that goes. */
const handlerTime = 50

/** Sends requests with equal keys, which one member must get. */
const sameMember: Measure = {
  name: 'requests that the one member of their key answers, in a sticky group of 3',
  design: 'Sticky groups',
  target: 'all',
  needsGroups: false,
  run: async (context) => {
    await startMembers(context)
    const requester = await connectRequester(context)
    const answers = await sendAtRate(requester, context.requests)
    const memberOfKey = new Map(answers.map(({ key, member }) => [key, member]))
    const astray = answers.filter(({ key, member }) => memberOfKey.get(key) !== member).length
    const result = answered(answers, context.requests, `${astray} by another member of the key`)
    return {
      ...result,
      isMet: result.isMet && astray === 0 && new Set(memberOfKey.values()).size === groupSize,
    }
  },
}

/** Replaces all members of a group, one after the other, while requests are sent once each. */
const replacedMembers: Measure = {
  name: 'requests answered while each member of a sticky group of 3 is replaced',
  design: 'Sticky groups',
  target: 'all, none twice',
  needsGroups: false,
  isLeftOutOfSmoke: true,
  run: async (context) => {
    const runs = new Map<string, number>()
    const running = await startMembers(context, runs)
    const requester = await connectRequester(context)
    const total = 3 * context.requests
    const load = sendAtRate(requester, total)
    for (let round = 0; round < groupSize; round++) {
      running.push(await startMember(context, `member-${groupSize + round}`, runs))
      const leaving = running.shift()
      await leaving?.drain()
      await leaving?.link.close()
    }
    const answers = await load
    runs.delete('')
    const twice = [...runs.values()].filter((count) => count > 1).length
    const result = answered(answers, total, `${twice} handled twice`)
    return { ...result, isMet: result.isMet && twice === 0 }
  },
}

/** Kills a member of a group while requests are sent, which are retried at another member. */
const killedMember: Measure = {
  name: 'requests answered with retries while a member of a sticky group of 3 is killed',
  design: 'Sticky groups',
  target: 'all',
  needsGroups: false,
  isLeftOutOfSmoke: true,
  run: async (context) => {
    for (const name of ['member-0', 'member-1']) await startMember(context, name)
    const killed = await startMemberProcess(context.url, 'killed')
    try {
      const requester = await connectRequester(context)
      const answers = await sendAtRate(requester, context.requests, {
        retry: { count: 5, attemptTimeout: 2_000 },
        halfway: killed.kill,
      })
      const byKilled = answers.filter(({ member }) => member === 'killed').length
      const result = answered(answers, context.requests, `${byKilled} by the killed member before`)
      return { ...result, isMet: result.isMet && byKilled > 0 }
    } finally {
      killed.kill()
    }
  },
}

/** Groups whose members have topics of their own, so that they need no shared subscriptions. */
export const stickyGroups: readonly Measure[] = [sameMember, replacedMembers, killedMember]

function startMembers(context: MeasureContext, runs?: Map<string, number>): Promise<StickyMember[]> {
  return Promise.all(
    Array.from({ length: groupSize }, (_, member) => startMember(context, `member-${member}`, runs)),
  )
}

function startMember(
  { connect }: MeasureContext,
  clientId: string,
  runs = new Map<string, number>(),
): Promise<StickyMember> {
  return startStickyMember(clientId, (options) => connect(clientId, options), {
    handlerTime,
    onRequest: (value) => runs.set(value, (runs.get(value) ?? 0) + 1),
  })
}

/** Connects a requester; resolves when all members have answered it. */
async function connectRequester({ connect }: MeasureContext): Promise<Link> {
  const link = stickyGroup(stickyEcho, {
    group: stickyGroupName,
    groupKey: ({ params }) => params.key,
  })(connect('requester'))
  // RabbitMQ sends no retained announcements, so members appear one by one as they announce themselves again.
  const end = performance.now() + maxWait
  for (let members = 0; members < groupSize;) {
    if (performance.now() > end) throw new Error(`only ${members} members have answered`)
    const first = await Promise.all(
      keys.map((key) => lastValueFrom(answer$(link, key, '', { count: 5, backOff: { initial: 500 } }))),
    )
    members = new Set(first.flatMap(({ member }) => member ?? [])).size
  }
  return link
}

/** The member that has answered a request, or the code of the error with which the request has failed. */
interface Answer {
  readonly key: string
  readonly member?: string
  readonly failure?: string
}

/** Sends requests for all keys in turn; `halfway` is called when half of them have been sent. */
function sendAtRate(
  link: Link,
  total: number,
  { retry, halfway }: { readonly retry?: RetryOptions; readonly halfway?: () => void } = {},
): Promise<readonly Answer[]> {
  return lastValueFrom(
    interval(1_000 / perSecond).pipe(
      take(total),
      mergeMap((index) => {
        if (index === Math.floor(total / 2)) halfway?.()
        return answer$(link, keys[index % keys.length] ?? '', String(index), retry)
      }),
      toArray(),
    ),
  )
}

function answer$(link: Link, key: string, value: string, retry?: RetryOptions): Observable<Answer> {
  const options = { timeout: maxWait, ...(retry !== undefined && { retry }) }
  return exchange$(link, stickyEcho, { params: { key }, value }, options).pipe(
    map((member) => ({ key, member })),
    catchError((error: unknown) => of({ key, failure: AntiphonError.from(error).code })),
  )
}

/** Returns how many requests were answered, with further figures and the codes of failures. */
function answered(answers: readonly Answer[], total: number, detail: string): MeasureResult {
  const failures = answers.flatMap(({ failure }) => failure ?? [])
  const codes = failures.length === 0 ? '' : `; failed: ${[...new Set(failures)].join(', ')}`
  return counted(answers.length - failures.length, total, `${detail}${codes}`)
}
