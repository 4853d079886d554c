import type { LinkState } from '@antiphon/core'
import { map, scan, type Observable } from 'rxjs'

/** A state of the link, and since when. */
export interface LinkStage {
  readonly state: LinkState
  readonly from: number
}

const kept = 60

/** The stages a link went through, the present one last. */
export function toStages$(
  state$: Observable<LinkState>,
  now: () => number,
): Observable<readonly LinkStage[]> {
  return state$.pipe(
    map((state): LinkStage => ({ state, from: now() })),
    scan((all, stage) => [...all, stage].slice(-kept), [] as readonly LinkStage[]),
  )
}
