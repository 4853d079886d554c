import { AntiphonError, groupSupport$, type GroupSupport } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { catchError, filter, firstValueFrom, map, of, timeout } from 'rxjs'
import type { Cluster } from './cluster.js'

/** What broker and library say of shared subscriptions. */
export interface SharedAnswer {
  /** Whether CONNACK says that there are any. */
  readonly isAnnounced: boolean
  /** What a message of one's own showed. */
  readonly support: GroupSupport
  /** What a responder is told that joins a group; empty where it is let in. */
  readonly refusal: string
}

/** Asks a cluster for shared subscriptions in all the ways that there are. */
export async function askForShared(urls: Cluster['urls']): Promise<SharedAnswer> {
  const link = connect(urls, { clientId: 'asks-for-shared' })
  const online = await firstValueFrom(
    link.state$.pipe(
      filter((state) => state.status === 'online'),
      timeout(30_000),
    ),
  )
  const refusal = await firstValueFrom(
    link.subscription$('$share/group/work/north/query').pipe(
      map(() => ''),
      catchError((error: unknown) => of(AntiphonError.from(error).message)),
      timeout(30_000),
    ),
  )
  const support = await firstValueFrom(groupSupport$(link))
  await link.close()
  return { isAnnounced: online.info.sharedSubscriptions, support, refusal }
}
