import { distinctUntilChanged, map, merge, mergeMap, pairwise, type Observable } from 'rxjs'
import type { Exchange } from './exchange.js'
import type { LinkStage } from './link-stage.js'
import { exchangeAnnouncement, stageAnnouncement } from './words.js'

/** What a screen reader says, one thing at a time: each change of the link, each change of an exchange. */
export function announcements$(
  stages$: Observable<readonly LinkStage[]>,
  exchanges$: Observable<readonly Exchange[]>,
): Observable<string> {
  const ofLink$ = stages$.pipe(mergeMap((stages) => stages.slice(-1).map(stageAnnouncement)))
  const ofExchanges$ = exchanges$.pipe(
    pairwise(),
    mergeMap(([before, after]) => after.filter((exchange) => !before.includes(exchange))),
    map(exchangeAnnouncement),
  )
  return merge(ofLink$.pipe(distinctUntilChanged()), ofExchanges$)
}
