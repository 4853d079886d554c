import { concatMap, from, fromEvent, map, scan, startWith, type Observable } from 'rxjs'

/** Turns the signal off and on at each press of a button. Emits whether it is off; it is on at first. */
export function tunnel$(button: HTMLElement): Observable<boolean> {
  return fromEvent(button, 'click').pipe(
    scan((isOff) => !isOff, false),
    startWith(false),
    concatMap((isOff) => from(setSignal(isOff ? 'off' : 'on')).pipe(map(() => isOff))),
  )
}

async function setSignal(signal: 'on' | 'off'): Promise<void> {
  const { ok, status } = await fetch(`./signal/${signal}`, { method: 'POST' })
  if (!ok) throw new Error(`cannot turn the signal ${signal}: the server answers ${status}`)
}
