/** The house: switches the lamp. `BROKER_URL=mqtt://… npx tsx 17-node-red-and-home-assistant/house.ts`; Ctrl-C stops it. */
import { requests$, serve, type Link } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { fromEvent, map, merge, take, type Observable } from 'rxjs'
import { callLamp, lampStateTopic, setLamp } from './endpoints.js'

/** Publishes the state of the lamp, and emits it when the broker has it. */
function switchLamp$(link: Link, on: boolean): Observable<{ readonly on: boolean }> {
  const payload = new TextEncoder().encode(on ? 'ON' : 'OFF')
  return link.publish$({ topic: lampStateTopic, payload, retain: true }).pipe(map(() => ({ on })))
}

const link = connect(process.env['BROKER_URL'] ?? 'mqtt://localhost', { clientId: 'house' })
const drain$ = fromEvent(process, 'SIGINT').pipe(take(1))
await merge(
  requests$(link, setLamp, { drain$ }).pipe(serve(({ value: { on } }) => switchLamp$(link, on))),
  requests$(link, callLamp, { drain$ }).pipe(serve(({ value: { on } }) => switchLamp$(link, on))),
).forEach(({ request, outcome }) => console.log(`house           ${request.topic}: ${outcome}`))
await link.close()
