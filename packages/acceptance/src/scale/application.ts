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

/** A service with three responders. The topic selects the responder, because ejabberd and RabbitMQ have no shared subscriptions. */
const work = endpoint({
  topic: 'work/{part}/query',
  request: json(t.type({ id: t.number })),
  response: json(t.type({ id: t.number, part: t.string })),
})

const parts = ['north', 'south', 'west'] as const

const requesterCount = 2

/** The record of one request; times are milliseconds since the start of the load. */
export interface RequestRecord {
  readonly id: number
  readonly sentAt: number
  readonly settledAt: number
  /** `responded`, `wrong response`, or the code of the error. */
  readonly outcome: string
}

/** The observations of the application under load. */
export interface LoadRecord {
  readonly requests: readonly RequestRecord[]
  /** The number of handler runs beyond the first for each request. */
  readonly repeatedRuns: number
  /** How often a link came online without Session Present after its first connection. */
  readonly sessionsLost: number
  readonly reconnects: number
}

/**
 * Sends and serves requests at a steady rate.
 *
 * Calls `halfway` in the middle, with the milliseconds since the start. The links know only the cluster's URLs.
 */
export async function applyLoad(
  urls: Cluster['urls'],
  {
    perSecond,
    seconds,
    halfway,
  }: { readonly perSecond: number; readonly seconds: number; readonly halfway: (now: number) => void },
): Promise<LoadRecord> {
  const links: Link[] = []
  const counts = { sessionsLost: 0, reconnects: 0 }
  const connectLink = (clientId: string, firstNode: number): Link => {
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
    const link = connectLink(`responder-${part}`, node)
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
  const requests: RequestRecord[] = []
  const load$ = (index: number): Observable<unknown> => {
    const link = connectLink(`requester-${index}`, index)
    return interval((1_000 * requesterCount) / perSecond).pipe(
      take(count / requesterCount),
      map((round) => requesterCount * round + index),
      tap((id) => {
        if (id === Math.floor(count / 2)) halfway(now())
      }),
      mergeMap((id) => {
        const sentAt = now()
        const part = parts[id % parts.length] ?? parts[0]
        return of({ params: { part }, value: { id } }).pipe(
          requestEither$(link, work, { timeout: 30_000, retry: { count: 5 }, onDisconnect: 'resend' }),
          tap((result) =>
            requests.push({ id, sentAt, settledAt: now(), outcome: outcomeOf(result, id, part) }),
          ),
        )
      }),
    )
  }
  await lastValueFrom(merge(load$(0), load$(1)), { defaultValue: undefined })
  for (const link of links) await link.close()
  return {
    requests,
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
  return result.right.id === id && result.right.part === part ? 'responded' : 'wrong response'
}

/** Returns the URLs of all nodes, beginning with the given node, so that the links spread over the nodes. */
function fromNode(urls: Cluster['urls'], first: number): Cluster['urls'] {
  const at = (node: number): string => urls[node % urls.length] ?? urls[0]
  return [at(first), at(first + 1), at(first + 2)]
}
