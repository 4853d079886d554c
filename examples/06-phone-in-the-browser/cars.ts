/** The cars: a process of their own, which drains and ends when the one that started it lets go. */
import { connectDevice, serveUnlock } from '@antiphon/azure-topic-spaces'
import { delay, forkJoin, fromEvent, lastValueFrom, share, take, takeUntil } from 'rxjs'
import { connectedCars } from './garage.js'

/** What the cars are told to begin with: where the hub is, and the connection string of each by its id. */
export interface CarsOrder {
  readonly url: string
  readonly connectionStrings: Readonly<Record<string, string>>
}

// Ctrl-C reaches every process of a terminal, and ours is not the one to decide.
process.on('SIGINT', () => undefined)
const letGo$ = fromEvent(process, 'disconnect').pipe(take(1), share())
// A car that is asleep would never be done.
const isEnough$ = letGo$.pipe(delay(1_000))
const { url, connectionStrings } = await new Promise<CarsOrder>((resolve) => process.once('message', resolve))

const cars = connectedCars.map(({ id, unlock }) => ({
  id,
  unlock,
  link: connectDevice(connectionStrings[id] ?? '', { url }),
}))
const served = cars.map(({ link, id, unlock }) =>
  lastValueFrom(serveUnlock(link, id, { unlock, drain$: letGo$ }).pipe(takeUntil(isEnough$)), {
    defaultValue: undefined,
  }),
)
await lastValueFrom(forkJoin(served))
await Promise.all(cars.map(({ link }) => link.close()))
console.log('The cars are parked.')
