import { parseConnectionString, unlockEither$ } from '@antiphon/azure-topic-spaces'
import { connectDevice } from '@antiphon/azure-topic-spaces/web'
import { combineLatest, fromEvent, map, shareReplay, startWith, timer } from 'rxjs'
import { announcements$ } from './announcements.js'
import { carChoices, selectedCar } from './car-choices.js'
import { byId } from './element.js'
import { toExchanges$ } from './exchange.js'
import { toStages$ } from './link-stage.js'
import { fetchSettings, timeoutIn, type Settings } from './settings.js'
import { tunnel$ } from './tunnel.js'
import { showCar, showExchanges, showFailure, showLink, showTimeline, showTunnel, width$ } from './views.js'

function start({ url, connectionString, cars, hasTunnel }: Settings): void {
  const form = byId('unlock') as HTMLFormElement
  byId('cars').append(...carChoices(cars))

  const link = connectDevice(connectionString, { url, reconnect: { maximum: 4_000 } })
  const { deviceId } = parseConnectionString(connectionString)
  const now = (): number => link.scheduler.now()

  const selectedCar$ = fromEvent(form, 'change').pipe(
    startWith(undefined),
    map(() => selectedCar(form)),
  )
  const submittedCar$ = fromEvent(form, 'submit').pipe(
    map((event) => {
      event.preventDefault()
      return selectedCar(form)
    }),
  )
  const unlock = unlockEither$(link, deviceId, { timeout: timeoutIn(location.search) })
  const exchanges$ = toExchanges$(submittedCar$, unlock, now).pipe(
    shareReplay({ bufferSize: 1, refCount: true }),
  )
  const stages$ = toStages$(link.state$, now).pipe(shareReplay({ bufferSize: 1, refCount: true }))
  const clock$ = timer(0, prefersReducedMotion() ? 1_000 : 100).pipe(map(now))

  combineLatest({ stages: stages$, now: clock$ }).subscribe(showLink)
  combineLatest({ exchanges: exchanges$, stages: stages$, car: selectedCar$ }).subscribe(showCar)
  combineLatest({ exchanges: exchanges$, stages: stages$, cars: [cars] }).subscribe(showExchanges)
  combineLatest({ exchanges: exchanges$, stages: stages$, now: clock$, width: width$() }).subscribe(
    showTimeline,
  )
  announcements$(stages$, exchanges$).subscribe((text) => (byId('announcement').textContent = text))
  if (hasTunnel) tunnel$(byId('tunnel')).subscribe({ next: showTunnel, error: showFailure })
}

function prefersReducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

fetchSettings().then(start).catch(showFailure)
