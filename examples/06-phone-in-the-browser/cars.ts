/** The cars, in a child process. It drains and ends when its parent disconnects. */
import { connectDevice, serveUnlock } from '@antiphon/azure-topic-spaces'
import { forkJoin, fromEvent, lastValueFrom, share, take } from 'rxjs'
import { connectedCars } from './garage.js'

/** The first message from the parent process: the URL of the hub, and the connection strings by car id. */
export interface CarsSettings {
  readonly url: string
  readonly connectionStrings: Readonly<Record<string, string>>
}

// A terminal sends Ctrl-C to all its processes; the parent decides when this one ends.
process.on('SIGINT', () => undefined)
const parentDisconnected$ = fromEvent(process, 'disconnect').pipe(take(1), share())
const { url, connectionStrings } = await new Promise<CarsSettings>((resolve) =>
  process.once('message', resolve),
)

const cars = connectedCars.map(({ id, unlock }) => ({
  id,
  unlock,
  link: connectDevice(connectionStrings[id] ?? '', { url }),
}))
// The car that is asleep never finishes its request.
const drainOptions = { drain$: parentDisconnected$, drainTimeout: 1_000 }
const finished = cars.map(({ link, id, unlock }) =>
  lastValueFrom(serveUnlock(link, id, { unlock, ...drainOptions }), { defaultValue: undefined }),
)
await lastValueFrom(forkJoin(finished))
await Promise.all(cars.map(({ link }) => link.close()))
console.log('The cars are disconnected.')
