import { endpoint, request$, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { delay, map, of, take, timer } from 'rxjs'

const temperature = endpoint({
  name: 'temperature',
  topic: 'home/temperature',
  request: text,
  response: text,
})

const thermometer = connect('mqtt://broker', { clientId: 'thermometer' })
requests$(thermometer, temperature)
  .pipe(serve(({ value: room }) => of(`${room}: 22.5 °C`).pipe(delay(20))))
  .subscribe()

const display = connect('mqtt://broker', { clientId: 'display' })
const rooms = ['kitchen', 'attic']
timer(0, 40)
  .pipe(
    take(rooms.length),
    map((index) => rooms[index]),
    request$(display, temperature, { timeout: 1000 }),
  )
  .subscribe((response) => console.log(response))
