import { Observable, startWith } from 'rxjs'
import type { Car } from '../garage.js'
import { drawTimeline, timelineHeight } from './draw-timeline.js'
import { byId } from './element.js'
import { exchangeItems } from './exchange-list.js'
import type { LinkStage } from './link-stage.js'
import { timelineOf, type Scene } from './timeline.js'
import { linkWords, saidOf } from './words.js'

/** What the views are given, each a part of it. */
type Shown = Pick<Scene, 'exchanges' | 'stages'>

/** Where the link stands, and when it tries again. */
export function showLink({ stages, now }: Pick<Scene, 'stages' | 'now'>): void {
  const stage = stages.at(-1)
  if (stage === undefined) return
  const { title, detail } = linkWords(stage, now)
  document.querySelector('.link')?.setAttribute('data-status', stage.state.status)
  write('link-title', title)
  write('link-detail', detail)
}

/** The car that is chosen, as its last exchange left it. */
export function showCar({ exchanges, stages, car }: Shown & { readonly car: string }): void {
  const last = exchanges.find((exchange) => exchange.car === car)
  document.querySelector('.car')?.setAttribute('data-outcome', last?.outcome ?? 'none')
  write('said', saidOf(last, statusOf(stages)))
}

/** All exchanges as a list. */
export function showExchanges({ exchanges, stages, cars }: Shown & { readonly cars: readonly Car[] }): void {
  const names = Object.fromEntries(cars.map(({ id, name }) => [id, name]))
  byId('exchanges').replaceChildren(...exchangeItems(exchanges, statusOf(stages), names))
  byId('nothing').hidden = exchanges.length > 0
}

/** The last half minute as a drawing. */
export function showTimeline(scene: Scene): void {
  byId('drawing').replaceChildren(...drawTimeline(timelineOf(scene)))
}

/** Whether the phone is in the tunnel. */
export function showTunnel(isInside: boolean): void {
  byId('tunnel').hidden = false
  write('tunnel', isInside ? 'Leave the tunnel' : 'Drive into a tunnel')
}

/** What went wrong so that the page is of no use. */
export function showFailure(error: unknown): void {
  write('link-title', 'Out of order: ')
  write('link-detail', error instanceof Error ? error.message : String(error))
}

/** The width of the drawing in pixels: now, and whenever it changes. */
export function width$(): Observable<number> {
  const timeline = byId('timeline')
  timeline.setAttribute('height', String(timelineHeight))
  return new Observable<number>((subscriber) => {
    const observer = new ResizeObserver(() => subscriber.next(timeline.clientWidth))
    observer.observe(timeline)
    return () => observer.disconnect()
  }).pipe(startWith(timeline.clientWidth))
}

function statusOf(stages: readonly LinkStage[]): LinkStage['state']['status'] {
  return stages.at(-1)?.state.status ?? 'connecting'
}

/** Changes a text, unless it stands there already. */
function write(id: string, text: string): void {
  const place = byId(id)
  if (place.textContent !== text) place.textContent = text
}
