import {
  endpoint,
  json,
  requestEither$,
  requests$,
  serve,
  type ExchangeError,
  type Link,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { isLeft, type Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import {
  firstValueFrom,
  interval,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  of,
  take,
  tap,
  timeout,
  type Observable,
} from 'rxjs'
import type { Cluster } from './cluster.js'

/** A service in three parts: which one answers stands in the topic, since these brokers have no shared subscriptions. */
const work = endpoint({
  topic: 'work/{part}/query',
  request: json(t.type({ id: t.number })),
  response: json(t.type({ id: t.number, part: t.string })),
})

const parts = ['north', 'south', 'west'] as const

const askers = 2

/** What became of one question; times are milliseconds since the load began. */
export interface Answered {
  readonly id: number
  readonly asked: number
  readonly ended: number
  /** `answered`, or the code of the error. */
  readonly outcome: string
}

/** What the application saw. */
export interface Load {
  readonly questions: readonly Answered[]
  /** How often the handlers ran for each question beyond the first time. */
  readonly repeatedRuns: number
  /** How often a link came online in a session that the broker did not know any more. */
  readonly sessionsLost: number
  readonly reconnects: number
}

/** Asks and answers at a steady rate; calls `halfway` in the middle, with the milliseconds since the beginning. The links know nothing but the cluster's URLs. */
export async function applyLoad(
  urls: Cluster['urls'],
  {
    perSecond,
    seconds,
    halfway,
  }: { readonly perSecond: number; readonly seconds: number; readonly halfway: (now: number) => void },
): Promise<Load> {
  const links: Link[] = []
  const counts = { sessionsLost: 0, reconnects: 0 }
  const open = (clientId: string, firstNode: number): Link => {
    const link = connect(fromNode(urls, firstNode), {
      clientId,
      reconnect: { initial: 100, maximum: 1_000 },
    })
    let isFirst = true
    link.state$.subscribe((state) => {
      if (state.status !== 'online') return
      if (!isFirst) counts.reconnects += 1
      if (!isFirst && !state.info.sessionPresent) counts.sessionsLost += 1
      isFirst = false
    })
    links.push(link)
    return link
  }

  const runs = new Map<number, number>()
  for (const [node, part] of parts.entries()) {
    const link = open(`responder-${part}`, node)
    requests$(link, work, { params: { part } })
      .pipe(
        serve(({ value: { id } }) => {
          runs.set(id, (runs.get(id) ?? 0) + 1)
          return of({ id, part })
        }),
      )
      .subscribe()
    await firstValueFrom(link.subscription$(work.topic.filter({ part })).pipe(timeout(30_000)))
  }

  const started = performance.now()
  const now = (): number => performance.now() - started
  const count = perSecond * seconds
  const requests: Answered[] = []
  const ask$ = (which: number): Observable<unknown> => {
    const link = open(`asker-${which}`, which)
    return interval((1_000 * askers) / perSecond).pipe(
      take(count / askers),
      map((index) => askers * index + which),
      tap((id) => {
        if (id === Math.floor(count / 2)) halfway(now())
      }),
      mergeMap((id) => {
        const requested = now()
        const part = parts[id % parts.length] ?? parts[0]
        return of({ params: { part }, value: { id } }).pipe(
          requestEither$(link, work, { timeout: 30_000, retry: { count: 5 }, onDisconnect: 'resend' }),
          tap((result) =>
            requests.push({ id, asked: requested, ended: now(), outcome: outcomeOf(result, id, part) }),
          ),
        )
      }),
    )
  }
  await lastValueFrom(merge(ask$(0), ask$(1)), { defaultValue: undefined })
  for (const link of links) await link.close()
  return {
    questions: requests,
    repeatedRuns: [...runs.values()].reduce((sum, times) => sum + times - 1, 0),
    ...counts,
  }
}

function outcomeOf(
  result: Either<ExchangeError, { id: number; part: string }>,
  id: number,
  part: string,
): string {
  if (isLeft(result)) return result.left.code
  return result.right.id === id && result.right.part === part ? 'responded' : 'wrong answer'
}

/** All nodes, beginning with one of them, so that the links spread. */
function fromNode(urls: Cluster['urls'], first: number): Cluster['urls'] {
  const at = (node: number): string => urls[node % urls.length] ?? urls[0]
  return [at(first), at(first + 1), at(first + 2)]
}
