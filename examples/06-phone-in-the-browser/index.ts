/** A phone as a web page: starts a local hub, the cars in a child process, and the page. Ctrl-C stops all of them. */
import { formatConnectionString } from '@antiphon/azure-topic-spaces'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { buildPackages } from './build-packages.js'
import type { CarsSettings } from './cars.js'
import { connectedCars, neighboursCar, type Car } from './garage.js'
import { startHub } from './hub.js'
import { servePage } from './serve-page.js'
import { describeEvent } from './describe-event.js'

// Registered first, so that Ctrl-C works while the example starts; further presses change nothing.
const isStopped = new Promise((resolve) => process.on('SIGINT', resolve))

const carIds = connectedCars.map(({ id }) => id)
const { hub, phoneListener, carUrl } = await startHub(carIds)
hub.events$.subscribe((event) => {
  const line = describeEvent(event)
  if (line !== undefined) console.log(line)
})
const connectionString = (deviceId: string): string =>
  formatConnectionString(hub.devices.connectionString(deviceId))

const areSubscribed = firstValueFrom(
  hub.events$.pipe(
    filter(({ type }) => type === 'subscribed'),
    take(carIds.length),
    toArray(),
  ),
)
const cars = fork(new URL('cars.ts', import.meta.url))
const carsExit = once(cars, 'exit')
const settings: CarsSettings = {
  url: carUrl,
  connectionStrings: Object.fromEntries(carIds.map((id) => [id, connectionString(id)])),
}
cars.send(settings)

const [page] = await Promise.all([openPage(), areSubscribed])
console.log(`\nThe phone is at ${page.url}`)
console.log('Press Ctrl-C to stop.\n')

await isStopped
await page.close()
if (cars.connected) cars.disconnect()
await carsExit
await hub.close()
console.log('The hub is closed.')

async function openPage(): ReturnType<typeof servePage> {
  await buildPackages()
  return servePage({
    settings: {
      url: phoneListener.url,
      connectionString: connectionString('mobile1'),
      cars: [...connectedCars, neighboursCar].map(({ id, name, about }: Car) => ({ id, name, about })),
    },
    setListening: phoneListener.setListening,
    port: Number(process.env['PORT'] ?? 4_106),
  })
}
