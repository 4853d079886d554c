/**
 * A fleet: one alert reaches every vehicle (fan-out), every position reaches one map (fan-in).
 *
 * On a hub in the cloud that has the topic spaces of `hub.ts`, set `CS_VEHICLE1_DEVICE`, `CS_VEHICLE2_DEVICE`,
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

function shown(deviceId: string, messages$: Observable<Message>): Observable<string> {
  return messages$.pipe(map(({ topic, payload }) => `${deviceId}: ${topic} ${decoder.decode(payload)}`))
}

function publish(link: Link, topic: string, said: string): Promise<unknown> {
  return lastValueFrom(link.publish$({ topic, payload: encoder.encode(said) }))
}

/** What subscribers are told once all of them are subscribed and `speak` has spoken; in order of the alphabet. */
async function heard(
  subscribers: readonly { readonly deviceId: string; readonly link: Link }[],
  filter: string,
  speak: () => Promise<unknown>,
): Promise<void> {
  const lines$ = merge(...subscribers.map(({ deviceId, link }) => shown(deviceId, link.messages$(filter))))
  const lines = lastValueFrom(lines$.pipe(take(vehicles.length), toArray()))
  await Promise.all(subscribers.map(({ link }) => firstValueFrom(link.subscription$(filter))))
  await speak()
  for (const line of [...(await lines)].sort()) console.log(line)
}

console.log('fan-out')
await heard(vehicles, 'fleet/alerts/#', () => publish(dispatcher, 'fleet/alerts/weather', 'storm'))

console.log('fan-in')
await heard([{ deviceId: 'map', link: mapLink }], 'vehicles/+/GPS/#', () =>
  lastValueFrom(
    forkJoin(
      vehicles.map(({ deviceId, link }, at) =>
        from(publish(link, `vehicles/${deviceId}/GPS/position`, `48.2${at} 16.3${at}`)),
      ),
    ),
  ),
)

console.log('out of its rights')
await publish(dispatcher, 'vehicles/vehicle2/doors', 'open').then(
  () => console.log('dispatcher: published'),
  (error: unknown) => console.log(`dispatcher: ${AntiphonError.from(error).code}`),
)

await Promise.all([...vehicles.map(({ link }) => link), dispatcher, mapLink].map((link) => link.close()))
await close()
