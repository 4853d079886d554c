import { endpoint, request, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { delay, of } from 'rxjs'

const temperature = endpoint({
  name: 'temperature',
  topic: 'home/temperature',
  request: text,
  response: text,
})

const thermometer = connect('mqtt://broker', { clientId: 'thermometer' })
requests$(thermometer, temperature)
  .pipe(serve(({ value: room }) => of(`${room}: 22.5 °C`).pipe(delay(80))))
  .subscribe()

const display = connect('mqtt://broker', {
  clientId: 'display',
  reconnect: { initial: 100, jitter: 0 },
})
display.state$.subscribe(({ status }) => console.log(`display: ${status}`))
console.log(await request(display, temperature, 'kitchen'))
