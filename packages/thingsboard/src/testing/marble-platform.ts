import type { MarbleContext } from '@antiphon/testing'
import { mergeMap, type Observable } from 'rxjs'
import type { Attributes } from '../frames.js'
import { localPlatform, type LocalPlatform, type LocalPlatformOptions } from '../local/local-platform.js'
import type { CallOptions, RpcMethod } from '../methods.js'

/** A local platform that follows marble diagrams. */
export interface MarblePlatform extends LocalPlatform {
  /** Changes shared attributes of a device at the times of the marbles. */
  readonly shares: (token: string, marbles: string, values: Readonly<Record<string, Attributes>>) => void
  /** Calls a method of a device with these parameters at the times of the marbles, and emits the results. */
  readonly callsDevice$: <Params, Result>(
    token: string,
    method: RpcMethod<Params, Result>,
    marbles: string,
    values: Readonly<Record<string, Params>>,
    options?: CallOptions,
  ) => Observable<Result>
}

/**
 * Starts a local platform on the virtual time of a marble test. Devices connect by `platform.link(token)`: the platform has a
 * broker of its own, on which each device sees only its own messages, so that `link()` of the test is not used.
 *
 * @example
 * ```ts
 * it('measures as often as the platform says', marbles((test) => {
 *   const platform = marblePlatform(test, { devices: { heater: { shared: { period: 2 } } } })
 *   thermometer(platform.link('heater')).subscribe()
 *   test.expectObservable(platform.published$('heater', 'telemetry')).toBe('--t-t-t', { t: { temperature: 20 } })
 * }))
 * ```
 */
export function marblePlatform(
  { hot, scheduler }: Pick<MarbleContext, 'hot' | 'scheduler'>,
  options: Omit<LocalPlatformOptions, 'scheduler'>,
): MarblePlatform {
  const platform = localPlatform({ ...options, scheduler })
  return {
    ...platform,
    shares: (token, marbles, values) => {
      hot(marbles, values).subscribe((changes) => platform.share(token, changes))
    },
    callsDevice$: (token, method, marbles, values, callOptions) =>
      hot(marbles, values).pipe(
        mergeMap((params) => platform.callDevice$(token, method, params, callOptions)),
      ),
  }
}
