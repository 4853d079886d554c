/**
 * A responder, a requester and a broker in one process.
 *
 * To use another broker: `BROKER_HOST=… BROKER_PORT=1883 npm start 01`.
 */
import { createBroker } from '@antiphon/broker'
import { endpoint, request$, requests$, serve, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, lastValueFrom, of, tap } from 'rxjs'

const broker = createBroker()
const { BROKER_HOST: host, BROKER_PORT: port = '1883' } = process.env
const url = host === undefined ? (await broker.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`
console.log(`broker     listens on ${url}`)

const temperature = endpoint({ topic: 'service/temperature/query', request: text, response: text })
const celsius: Readonly<Record<string, number>> = { Vienna: 22.5, Berlin: 18.3, London: 15.8 }

const responder = connect(url, { clientId: 'thermometer' })
requests$(responder, temperature)
  .pipe(serve(({ value: city }) => of(`${city}: ${celsius[city]?.toFixed(1) ?? 'unknown'} °C`)))
  .subscribe(({ outcome }) => console.log(`responder  ${outcome}`))

const requester = connect(url, { clientId: 'display' })
await lastValueFrom(
  from(['Vienna', 'Berlin', 'London']).pipe(
    request$(requester, temperature, { timeout: 5_000, concurrency: 1 }),
    tap((response) => console.log(`requester  received ${response}`)),
  ),
)

await Promise.all([requester.close(), responder.close()])
await broker.close()
