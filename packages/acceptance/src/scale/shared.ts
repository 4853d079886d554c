import { AntiphonError, groupSupport$, type GroupSupport } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { catchError, filter, firstValueFrom, map, of, timeout } from 'rxjs'
import type { Cluster } from './cluster.js'

/** What a broker announces and does about shared subscriptions. */
export interface SharedSubscriptionSupport {
  /** Whether CONNACK announces shared subscriptions. */
  readonly isAnnounced: boolean
  /** The result of the library's test with a message. */
  readonly support: GroupSupport
  /** The error that a responder gets on joining a group; empty if the broker accepts the subscription. */
  readonly refusal: string
}

/** Checks a cluster's support of shared subscriptions by CONNACK, by a subscription and by a message. */
export async function checkSharedSubscriptions(urls: Cluster['urls']): Promise<SharedSubscriptionSupport> {
  const link = connect(urls, { clientId: 'shared-subscription-check' })
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
