/** The cars of the story, and what each does when it is told to unlock. */
import { NEVER, of, type Observable } from 'rxjs'

/** A car as the phone shows it. */
export interface Car {
  readonly id: string
  readonly name: string
  /** What will happen, for whoever tries it. */
  readonly about: string
}

/** A car of ours: it is connected, and answers as its kind does. */
export interface ConnectedCar extends Car {
  readonly unlock: () => Observable<string>
}

/** The cars that listen. */
export const connectedCars: readonly ConnectedCar[] = [
  { id: 'car1', name: 'Your car', about: 'does as it is told', unlock: () => of('Success') },
  { id: 'car2', name: 'At the valet’s', about: 'answers no', unlock: () => of('Refused: valet mode') },
  { id: 'car3', name: 'Asleep', about: 'never answers', unlock: () => NEVER },
]

/** A car that the phone has no right to ask: the hub refuses the topic. */
export const othersCar: Car = { id: 'car4', name: 'The neighbour’s', about: 'the hub says no' }
