import type { MarbleContext } from '@antiphon/testing'
import { concatMap, distinctUntilChanged, EMPTY, map, of, switchMap, type Observable } from 'rxjs'
import type { JsonObject } from '../shadow/documents.js'
import { desired$, updateShadow$, type ShadowName } from '../shadow/shadow.js'

/** What a thing of a marble test is made from. */
export interface MarbleThingOptions extends ShadowName {
  /** Returns what the device reports when this is desired. @defaultValue the same */
  readonly report?: (desired: JsonObject) => JsonObject
  /** When the device has power, as marbles: `t` switches it on, any other marble off. @defaultValue from the beginning on */
  readonly power?: string
}

/** A thing that follows marble diagrams. */
export interface MarbleThing {
  /** Reports values at the times of the marbles, also while the device has no power. */
  readonly reports: (marbles: string, values: Readonly<Record<string, JsonObject>>) => void
}

/**
 * Starts a device on the broker of a marble test, which reports what is desired, but nothing twice in a row. When it gets power,
 * it does what it has missed. Its client id is the name of the thing, for the faults of the broker.
 */
export function marbleThing(
  { hot, link }: Pick<MarbleContext, 'hot' | 'link'>,
  { power, report = (desired) => desired, ...name }: MarbleThingOptions,
): MarbleThing {
  const device = link({ clientId: name.thing })
  const update$ = (reported: JsonObject): Observable<unknown> => updateShadow$(device, { reported }, name)
  const running$ = desired$(device, name).pipe(
    map(({ state }) => report(state)),
    // A report that leaves a difference is followed by the same delta.
    distinctUntilChanged((before, reported) => JSON.stringify(before) === JSON.stringify(reported)),
    concatMap(update$),
  )
  const power$ = power === undefined ? of('t') : hot(power)
  power$.pipe(switchMap((marble) => (marble === 't' ? running$ : EMPTY))).subscribe()
  return {
    reports: (marbles, values) => {
      hot(marbles, values).pipe(concatMap(update$)).subscribe()
    },
  }
}
