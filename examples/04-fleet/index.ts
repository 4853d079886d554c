/**
 * A fleet: an alert is sent to all vehicles (fan-out), all positions are sent to a map (fan-in).
 *
 * To use a hub in the cloud with the topic spaces of `hub.ts`, set `CS_VEHICLE1_DEVICE`, `CS_VEHICLE2_DEVICE`,
 * `CS_VEHICLE3_DEVICE`, `CS_DISPATCHER_DEVICE` and `CS_MAP_DEVICE` to the connection strings of these devices.
 */
import { AntiphonError, type Link, type Message } from '@antiphon/core'
import {
  firstValueFrom,
  forkJoin,
  from,
  lastValueFrom,
  map,
  merge,
  take,
  toArray,
  type Observable,
} from 'rxjs'
import { openFleet } from './hub.js'

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const { connect, close } = await openFleet()
const vehicles = ['vehicle1', 'vehicle2', 'vehicle3'].map((deviceId) => ({
  deviceId,
  link: connect(deviceId),
}))
const dispatcher = connect('dispatcher')
const mapLink = connect('map')

function linesOf(deviceId: string, messages$: Observable<Message>): Observable<string> {
  return messages$.pipe(map(({ topic, payload }) => `${deviceId}: ${topic} ${decoder.decode(payload)}`))
}

function publish(link: Link, topic: string, text: string): Promise<unknown> {
  return lastValueFrom(link.publish$({ topic, payload: encoder.encode(text) }))
}

/** Subscribes, calls `send` once all subscriptions are granted, and prints the received messages in alphabetical order. */
async function printReceived(
  subscribers: readonly { readonly deviceId: string; readonly link: Link }[],
  filter: string,
  send: () => Promise<unknown>,
): Promise<void> {
  const lines$ = merge(...subscribers.map(({ deviceId, link }) => linesOf(deviceId, link.messages$(filter))))
  const lines = lastValueFrom(lines$.pipe(take(vehicles.length), toArray()))
  await Promise.all(subscribers.map(({ link }) => firstValueFrom(link.subscription$(filter))))
  await send()
  for (const line of [...(await lines)].sort()) console.log(line)
}

console.log('fan-out')
await printReceived(vehicles, 'fleet/alerts/#', () => publish(dispatcher, 'fleet/alerts/weather', 'storm'))

console.log('fan-in')
await printReceived([{ deviceId: 'map', link: mapLink }], 'vehicles/+/GPS/#', () =>
  lastValueFrom(
    forkJoin(
      vehicles.map(({ deviceId, link }, index) =>
        from(publish(link, `vehicles/${deviceId}/GPS/position`, `48.2${index} 16.3${index}`)),
      ),
    ),
  ),
)

console.log('without permission')
await publish(dispatcher, 'vehicles/vehicle2/doors', 'open').then(
  () => console.log('dispatcher: published'),
  (error: unknown) => console.log(`dispatcher: ${AntiphonError.from(error).code}`),
)

await Promise.all([...vehicles.map(({ link }) => link), dispatcher, mapLink].map((link) => link.close()))
await close()
