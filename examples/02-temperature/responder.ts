/** The temperature service: `BROKER_HOST=… BROKER_PORT=… npx tsx 02-temperature/responder.ts`. Ctrl-C stops it after pending requests. */
import { logged, ignoredRequests$, type LogEntry } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { serveTemperatures, temperatureQuery } from '@antiphon/mqtt5-temperature'
import { pipe } from 'fp-ts/lib/function.js'
import { fromEvent, lastValueFrom } from 'rxjs'
import { offlineLine } from '../live-state.js'
import { brokerUrl } from './broker-url.js'

const decoder = new TextDecoder()
const requestTopic = temperatureQuery.topic.filter({})

function printEntry(entry: LogEntry): void {
  if (entry.event === 'state') {
    if (entry.state.status === 'online') {
      console.log('Connected with reason code: Success')
      console.log(`Subscribed to request topic: ${requestTopic}`)
    }
    const line = offlineLine(entry.state)
    if (line !== undefined) console.log(line)
  } else if (entry.event === 'message' && entry.filter === requestTopic) {
    const { topic, payload } = entry.message
    console.log(`\nReceived request: topic=${topic}, payload=${decoder.decode(payload)}`)
  } else if (entry.event === 'publish' && entry.message.correlationData !== undefined) {
    const { topic, correlationData } = entry.message
    console.log(`Sent response to ${topic}`)
    console.log(`Correlation Data: ${decoder.decode(correlationData)}`)
  }
}

const link = pipe(connect(brokerUrl, { clientId: 'responder_service' }), logged(printEntry))
ignoredRequests$(link).subscribe(({ reason }) => {
  if (reason === 'response-topic') console.log('No Response Topic - cannot send response')
})

console.log('Temperature Service is running...')
console.log('Press Ctrl+C to stop')
const stop$ = fromEvent(process, 'SIGINT')
await lastValueFrom(serveTemperatures(link, { drain$: stop$ }), { defaultValue: undefined })
console.log('\nShutting down...')
await link.close()
