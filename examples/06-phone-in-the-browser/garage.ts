/** The cars of the example, and how each handles an unlock request. */
import { NEVER, of, type Observable } from 'rxjs'

/** A car as the phone shows it. */
export interface Car {
  readonly id: string
  readonly name: string
  /** Tells the user what happens when this car gets a request. */
  readonly about: string
}

/** A car that is connected, with its handler. */
export interface ConnectedCar extends Car {
  readonly unlock: () => Observable<string>
}

/** The connected cars. */
export const connectedCars: readonly ConnectedCar[] = [
  { id: 'car1', name: 'Your car', about: 'unlocks', unlock: () => of('Success') },
  { id: 'car2', name: 'At the valet’s', about: 'refuses', unlock: () => of('Refused: valet mode') },
  { id: 'car3', name: 'Asleep', about: 'never responds', unlock: () => NEVER },
]

/** A car that the phone may not unlock: the hub refuses its topic. */
export const neighboursCar: Car = { id: 'car4', name: 'The neighbour’s', about: 'the hub refuses' }
