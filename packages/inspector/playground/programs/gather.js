import { endpoint, gather$, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { either } from 'fp-ts'
import { delay, of } from 'rxjs'

const version = endpoint({
  name: 'version',
  topic: 'cars/version',
  request: text,
  response: text,
})

const cars = ['car1', 'car2', 'car3']
cars.forEach((car, index) => {
  requests$(connect('mqtt://broker', { clientId: car }), version)
    .pipe(serve(() => of(`${car} 1.${index}.0`).pipe(delay(20 * index))))
    .subscribe()
})

const hub = connect('mqtt://broker', { clientId: 'hub' })
const missing = new Set(cars)
gather$(hub, version, 'which?', { responders: cars, timeout: 300 }).subscribe({
  next: either.match(
    (error) => console.log(error.message),
    (response) => {
      console.log(response)
      missing.delete(response.split(' ')[0])
    },
  ),
  complete: () => console.log(`missing: ${[...missing].join(', ') || 'none'}`),
})
