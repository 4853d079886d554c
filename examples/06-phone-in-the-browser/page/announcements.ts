import { distinctUntilChanged, map, merge, mergeMap, pairwise, type Observable } from 'rxjs'
import type { Exchange } from './exchange.js'
import type { LinkStage } from './link-stage.js'
import { exchangeAnnouncement, stageAnnouncement } from './labels.js'

/** Emits the texts for a screen reader: each change of the link and of an exchange. */
export function announcements$(
  stages$: Observable<readonly LinkStage[]>,
  exchanges$: Observable<readonly Exchange[]>,
): Observable<string> {
  const linkTexts$ = stages$.pipe(mergeMap((stages) => stages.slice(-1).map(stageAnnouncement)))
  const exchangeTexts$ = exchanges$.pipe(
    pairwise(),
    mergeMap(([before, after]) => after.filter((exchange) => !before.includes(exchange))),
    map(exchangeAnnouncement),
  )
  return merge(linkTexts$.pipe(distinctUntilChanged()), exchangeTexts$)
}
