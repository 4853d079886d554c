import { Component, inject } from '@angular/core'
import { toSignal } from '@angular/core/rxjs-interop'
import { cities, linkText$ } from '../weather.js'
import { CityTemperature } from './city-temperature.js'
import { WeatherService } from './weather-service.js'

/** Shows the state of the link, and the temperature of the selected city. */
@Component({
  selector: 'app-root',
  imports: [CityTemperature],
  template: `
    <p role="status">Link: {{ linkText() }}</p>
    <label>
      City
      <select #select (change)="weather.city.set(select.value)">
        <option value="">none</option>
        @for (name of cities; track name) {
          <option>{{ name }}</option>
        }
      </select>
    </label>
    @if (weather.city()) {
      <city-temperature />
    }
  `,
})
export class App {
  readonly weather = inject(WeatherService)
  readonly cities = cities
  readonly linkText = toSignal(linkText$(this.weather.link))
}
