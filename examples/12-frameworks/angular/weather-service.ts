import { connect } from '@antiphon/mqtt/web'
import { Injectable, signal } from '@angular/core'
import { brokerUrl } from '../broker-url.js'

/** The link of the page, and the city that its user selected. */
@Injectable({ providedIn: 'root' })
export class WeatherService {
  readonly link = connect(brokerUrl)
  readonly city = signal('')
}
