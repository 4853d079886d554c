import type { LinkState } from '@antiphon/core'
import { map, scan, type Observable } from 'rxjs'

/** A state of the link and the time at which it began. */
export interface LinkStage {
  readonly state: LinkState
  readonly from: number
}

/** How many stages are kept. */
const maxStages = 60

/** Emits the stages of a link so far, the current one last. */
export function toStages$(
  state$: Observable<LinkState>,
  now: () => number,
): Observable<readonly LinkStage[]> {
  return state$.pipe(
    map((state): LinkStage => ({ state, from: now() })),
    scan((all, stage) => [...all, stage].slice(-maxStages), [] as readonly LinkStage[]),
  )
}
