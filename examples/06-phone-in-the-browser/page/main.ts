import { connectDevice, parseConnectionString, unlockEither$ } from '@antiphon/azure-topic-spaces'
import { combineLatest, fromEvent, map, shareReplay, startWith, timer } from 'rxjs'
import { announcements$ } from './announcements.js'
import { carChoices, chosenCar } from './car-choices.js'
import { byId } from './element.js'
import { toExchanges$ } from './exchange.js'
import { toStages$ } from './link-stage.js'
import { fetchSettings, timeoutIn, type Settings } from './settings.js'
import { tunnel$ } from './tunnel.js'
import { showCar, showExchanges, showFailure, showLink, showTimeline, showTunnel, width$ } from './views.js'

function start({ url, connectionString, cars, hasTunnel }: Settings): void {
  const form = byId('unlock') as HTMLFormElement
  byId('cars').append(...carChoices(cars))

  // A worker made from a blob, which would keep the time otherwise, is against this page's content security policy.
  const link = connectDevice(connectionString, { url, timerVariant: 'native', reconnect: { maximum: 4_000 } })
  const { deviceId } = parseConnectionString(connectionString)
  const now = (): number => link.scheduler.now()

  const chosen$ = fromEvent(form, 'change').pipe(
    startWith(undefined),
    map(() => chosenCar(form)),
  )
  const asked$ = fromEvent(form, 'submit').pipe(
    map((event) => {
      event.preventDefault()
      return chosenCar(form)
    }),
  )
  const sendRequest = unlockEither$(link, deviceId, { timeout: timeoutIn(location.search) })
  const exchanges$ = toExchanges$(asked$, sendRequest, now).pipe(
    shareReplay({ bufferSize: 1, refCount: true }),
  )
  const stages$ = toStages$(link.state$, now).pipe(shareReplay({ bufferSize: 1, refCount: true }))
  const clock$ = timer(0, isCalm() ? 1_000 : 100).pipe(map(now))

  combineLatest({ stages: stages$, now: clock$ }).subscribe(showLink)
  combineLatest({ exchanges: exchanges$, stages: stages$, car: chosen$ }).subscribe(showCar)
  combineLatest({ exchanges: exchanges$, stages: stages$, cars: [cars] }).subscribe(showExchanges)
  combineLatest({ exchanges: exchanges$, stages: stages$, now: clock$, width: width$() }).subscribe(
    showTimeline,
  )
  announcements$(stages$, exchanges$).subscribe((text) => (byId('announcement').textContent = text))
  if (hasTunnel) tunnel$(byId('tunnel')).subscribe({ next: showTunnel, error: showFailure })
}

function isCalm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}

fetchSettings().then(start).catch(showFailure)
