/** Requests temperatures: `BROKER_HOST=… BROKER_PORT=… npx tsx 02-temperature/requester.ts [city …]`. */
import { logged, type LogEntry } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { requestTemperature$ } from '@antiphon/mqtt5-temperature'
import { pipe } from 'fp-ts/lib/function.js'
import { from } from 'rxjs'
import { brokerUrl } from './broker-url.js'
import { readCities } from './read-cities.js'

const decoder = new TextDecoder()
const cities = readCities()

function printEntry(entry: LogEntry): void {
  if (entry.event === 'state' && entry.state.status === 'online') {
    console.log('Connected with reason code: Success')
    console.log(`Subscribed to response topic: response/${entry.state.info.clientId}`)
  } else if (entry.event === 'publish') {
    const { correlationData, payload } = entry.message
    console.log(`Sent request ${decoder.decode(correlationData)}: ${decoder.decode(payload)}`)
  } else if (entry.event === 'message') {
    const { correlationData, payload } = entry.message
    console.log(`\nReceived response for request ${decoder.decode(correlationData)}`)
    console.log(`Response: ${decoder.decode(payload)}`)
  }
}

const link = pipe(connect(brokerUrl, { clientId: 'requester_client' }), logged(printEntry))
await from(cities)
  .pipe(requestTemperature$(link, { ordered: true }))
  .forEach(() => undefined)
await link.close()
console.log('\nRequest/Response demo completed')
