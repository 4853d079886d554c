/** The cars, in a child process. It drains and ends when its parent disconnects. */
import { connectDevice, serveUnlock } from '@antiphon/azure-topic-spaces'
import { delay, forkJoin, fromEvent, lastValueFrom, share, take, takeUntil } from 'rxjs'
import { connectedCars } from './garage.js'

/** The first message from the parent process: the URL of the hub, and the connection strings by car id. */
export interface CarsSettings {
  readonly url: string
  readonly connectionStrings: Readonly<Record<string, string>>
}

// A terminal sends Ctrl-C to all its processes; the parent decides when this one ends.
process.on('SIGINT', () => undefined)
const parentDisconnected$ = fromEvent(process, 'disconnect').pipe(take(1), share())
// The car that is asleep never finishes its request.
const drainTimeout$ = parentDisconnected$.pipe(delay(1_000))
const { url, connectionStrings } = await new Promise<CarsSettings>((resolve) =>
  process.once('message', resolve),
)

const cars = connectedCars.map(({ id, unlock }) => ({
  id,
  unlock,
  link: connectDevice(connectionStrings[id] ?? '', { url }),
}))
const finished = cars.map(({ link, id, unlock }) =>
  lastValueFrom(
    serveUnlock(link, id, { unlock, drain$: parentDisconnected$ }).pipe(takeUntil(drainTimeout$)),
    {
      defaultValue: undefined,
    },
  ),
)
await lastValueFrom(forkJoin(finished))
await Promise.all(cars.map(({ link }) => link.close()))
console.log('The cars are disconnected.')
