import { Component, inject } from '@angular/core'
import { toObservable, toSignal } from '@angular/core/rxjs-interop'
import { switchMap } from 'rxjs'
import { reading$ } from '../weather.js'
import { WeatherService } from './weather-service.js'

/** Sends a request for each city; destroying the component, or another city, cancels it. */
@Component({ selector: 'city-temperature', template: '<output>{{ reading() }}</output>' })
export class CityTemperature {
  readonly #weather = inject(WeatherService)
  readonly reading = toSignal(
    toObservable(this.#weather.city).pipe(switchMap((city) => reading$(this.#weather.link, city))),
  )
}
