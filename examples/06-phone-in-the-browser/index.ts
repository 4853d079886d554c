/** A phone that is a web page: a local hub, cars in a process of their own, and the page; until Ctrl-C. */
import { formatConnectionString } from '@antiphon/azure-topic-spaces'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { filter, firstValueFrom, take, toArray } from 'rxjs'
import { buildPackages } from './build-packages.js'
import type { CarsOrder } from './cars.js'
import { connectedCars, othersCar, type Car } from './garage.js'
import { startHub } from './hub.js'
import { servePage } from './serve-page.js'
import { told } from './told.js'

// Whatever else is said while all comes to its end: once is enough.
const isToStop = new Promise((resolve) => process.on('SIGINT', resolve))

const carIds = connectedCars.map(({ id }) => id)
const { hub, mast, carUrl } = await startHub(carIds)
hub.events$.subscribe((event) => {
  const line = told(event)
  if (line !== undefined) console.log(line)
})
const connectionString = (deviceId: string): string =>
  formatConnectionString(hub.devices.connectionString(deviceId))

const areServed = firstValueFrom(
  hub.events$.pipe(
    filter(({ type }) => type === 'subscribed'),
    take(carIds.length),
    toArray(),
  ),
)
const cars = fork(new URL('cars.ts', import.meta.url))
const areParked = once(cars, 'exit')
const order: CarsOrder = {
  url: carUrl,
  connectionStrings: Object.fromEntries(carIds.map((id) => [id, connectionString(id)])),
}
cars.send(order)

const [page] = await Promise.all([openPage(), areServed])
console.log(`\nThe phone is at ${page.url}`)
console.log('It unlocks cars until Ctrl-C.\n')

await isToStop
await page.close()
if (cars.connected) cars.disconnect()
await areParked
await hub.close()
console.log('The hub is closed.')

async function openPage(): ReturnType<typeof servePage> {
  await buildPackages()
  return servePage({
    settings: {
      url: mast.url,
      connectionString: connectionString('mobile1'),
      cars: [...connectedCars, othersCar].map(({ id, name, about }: Car) => ({ id, name, about })),
    },
    setOnAir: mast.setOnAir,
    port: Number(process.env['PORT'] ?? 4_106),
  })
}
