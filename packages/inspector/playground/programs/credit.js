import { endpoint, requestMany, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { firstValueFrom, timer } from 'rxjs'

const readings = endpoint({
  name: 'readings',
  topic: 'home/readings',
  request: text,
  response: text,
  responses: 'many',
})

const thermometer = connect('mqtt://broker', { clientId: 'thermometer' })
requests$(thermometer, readings)
  .pipe(
    serve(function* ({ value: count }) {
      for (let index = 1; index <= Number(count); index++) {
        console.log(`measures ${index}`)
        yield `reading ${index}`
      }
    }),
  )
  .subscribe()

const display = connect('mqtt://broker', { clientId: 'display' })
const readings$ = requestMany(display, readings, '6', { credit: 2 })
for await (const reading of readings$) {
  console.log(`shows ${reading}`)
  await firstValueFrom(timer(50))
}
