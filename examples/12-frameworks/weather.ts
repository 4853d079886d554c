/** What the three pages and the responder share: the endpoint, and the streams that a page shows. */
import { AntiphonError, endpoint, request$, text, type Link } from '@antiphon/core'
import { catchError, map, of, startWith, type Observable } from 'rxjs'

/** Returns the temperature of a city. */
export const temperature = endpoint({ topic: 'weather/temperature', request: text, response: text })

/** The cities of the pages. The station of the last one never responds. */
export const cities: readonly string[] = ['Vienna', 'Berlin', 'Reykjavik']

/** Sends a request for each subscription; emits that it waits, then the temperature or what went wrong. */
export function reading$(link: Link, city: string): Observable<string> {
  return of(city).pipe(
    request$(link, temperature, { timeout: 60_000 }),
    catchError((error: unknown) => of(AntiphonError.from(error).rawMessage)),
    startWith('waiting'),
  )
}

/** Emits the state of the link in words. */
export function linkText$(link: Link): Observable<string> {
  return link.state$.pipe(
    map((state) => (state.status === 'offline' ? 'offline, reconnecting by itself' : state.status)),
  )
}
