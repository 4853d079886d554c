import { concatMap, from, fromEvent, map, scan, startWith, type Observable } from 'rxjs'

/** Drives into the tunnel and out of it at each press of a button, and tells where the phone is; outside at first. */
export function tunnel$(button: HTMLElement): Observable<boolean> {
  return fromEvent(button, 'click').pipe(
    scan((isInside) => !isInside, false),
    startWith(false),
    concatMap((isInside) => from(askFor(isInside ? 'off' : 'on')).pipe(map(() => isInside))),
  )
}

async function askFor(signal: 'on' | 'off'): Promise<void> {
  const { ok, status } = await fetch(`./signal/${signal}`, { method: 'POST' })
  if (!ok) throw new Error(`the signal cannot be turned ${signal}: the server answers ${status}`)
}
