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
  .pipe(
    serve(({ value: room }) => {
      console.log(`measures the ${room}`)
      return of(`${room}: 22.5 °C`).pipe(delay(20))
    }),
  )
  .subscribe()

const display = connect('mqtt://broker', { clientId: 'display' })
const response = await request(display, temperature, 'kitchen', {
  timeout: 1000,
  retry: { count: 2, attemptTimeout: 100 },
})
console.log(response)
