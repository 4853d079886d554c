/** A fleet on a local hub: one alert reaches every vehicle (fan-out), every position reaches one map (fan-in). */
import { AntiphonError, type Link, type Message } from '@antiphon/core'
import {
  filter,
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
import { startFleet } from './hub.js'

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const { hub, connect } = await startFleet()
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

/** What so many subscribers are told once all of them are subscribed and `speak` has spoken; in order of the alphabet. */
async function heard(
  lines$: Observable<string>,
  subscribers: number,
  speak: () => Promise<unknown>,
): Promise<void> {
  const isSubscribed = firstValueFrom(
    hub.events$.pipe(
      filter(({ type }) => type === 'subscribed'),
      take(subscribers),
      toArray(),
    ),
  )
  const lines = lastValueFrom(lines$.pipe(take(vehicles.length), toArray()))
  await isSubscribed
  await speak()
  for (const line of [...(await lines)].sort()) console.log(line)
}

console.log('fan-out')
const alerts = vehicles.map(({ deviceId, link }) => shown(deviceId, link.messages$('fleet/alerts/#')))
await heard(merge(...alerts), vehicles.length, () => publish(dispatcher, 'fleet/alerts/weather', 'storm'))

console.log('fan-in')
const positions$ = shown('map', mapLink.messages$('vehicles/+/GPS/#'))
await heard(positions$, 1, () =>
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
await hub.close()
