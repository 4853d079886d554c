import { AntiphonError } from '@antiphon/core'
import { Observable, startWith } from 'rxjs'
import type { Car } from '../garage.js'
import { drawTimeline, timelineHeight } from './draw-timeline.js'
import { byId } from './element.js'
import { exchangeItems } from './exchange-list.js'
import type { LinkStage } from './link-stage.js'
import { timelineOf, type Scene } from './timeline.js'
import { carLabel, linkLabel } from './labels.js'

/** What most views show. */
type View = Pick<Scene, 'exchanges' | 'stages'>

/** Shows the state of the link and the time until it reconnects. */
export function showLink({ stages, now }: Pick<Scene, 'stages' | 'now'>): void {
  const stage = stages.at(-1)
  if (stage === undefined) return
  const { title, detail } = linkLabel(stage, now)
  document.querySelector('.link')?.setAttribute('data-status', stage.state.status)
  write('link-title', title)
  write('link-detail', detail)
}

/** Shows the selected car in the state after its last exchange. */
export function showCar({ exchanges, stages, car }: View & { readonly car: string }): void {
  const last = exchanges.find((exchange) => exchange.car === car)
  document.querySelector('.car')?.setAttribute('data-outcome', last?.outcome ?? 'none')
  write('said', carLabel(last, statusOf(stages)))
}

/** Shows all exchanges as a list. */
export function showExchanges({ exchanges, stages, cars }: View & { readonly cars: readonly Car[] }): void {
  const names = Object.fromEntries(cars.map(({ id, name }) => [id, name]))
  byId('exchanges').replaceChildren(...exchangeItems(exchanges, statusOf(stages), names))
  byId('nothing').hidden = exchanges.length > 0
}

/** Draws the last 30 seconds. */
export function showTimeline(scene: Scene): void {
  byId('drawing').replaceChildren(...drawTimeline(timelineOf(scene)))
}

/** Shows the tunnel button for the state of the signal. */
export function showTunnel(isOff: boolean): void {
  byId('tunnel').hidden = false
  write('tunnel', isOff ? 'Leave the tunnel' : 'Drive into a tunnel')
}

/** Shows an error that makes the page unusable. */
export function showFailure(error: unknown): void {
  write('link-title', 'Error: ')
  write('link-detail', AntiphonError.from(error).rawMessage)
}

/** Emits the width of the drawing in pixels, now and whenever it changes. */
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

/** Changes a text, unless it is already there. */
function write(id: string, text: string): void {
  const node = byId(id)
  if (node.textContent !== text) node.textContent = text
}
