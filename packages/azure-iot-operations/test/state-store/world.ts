import { createBroker, type Broker } from '@antiphon/broker'
import type { Link } from '@antiphon/core'
import { virtualClock, type VirtualClock } from '../metl/virtual-clock.js'
import { startStandIn, type StateStoreStandIn } from './stand-in.js'

/** A broker with a stand-in of the state store, on virtual time. */
export interface StateStoreWorld {
  readonly broker: Broker
  readonly link: (clientId: string) => Link
  readonly standIn: StateStoreStandIn
  readonly clock: VirtualClock
  /** Lets time pass for a duration. */
  readonly advance: (milliseconds: number) => Promise<void>
  /** Lets time pass until a promise settles, and returns its result. */
  readonly resultOf: <T>(promise: Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

/** Opens a world whose stand-in is ready. */
export async function openStateStoreWorld(): Promise<StateStoreWorld> {
  const clock = virtualClock()
  const broker = createBroker({ scheduler: clock.scheduler })
  const link = (clientId: string): Link => broker.link({ clientId })

  const turn = async (): Promise<void> => {
    for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve))
  }
  const advance = async (milliseconds: number): Promise<void> => {
    const end = clock.elapsed() + milliseconds
    await turn()
    while (clock.step(end)) await turn()
    clock.advanceTo(end)
  }
  const resultOf = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settled = promise.finally(() => {
      isSettled = true
    })
    settled.catch(() => undefined)
    while (!isSettled) await advance(10)
    return settled
  }

  let standIn: StateStoreStandIn | undefined
  await resultOf(
    new Promise<void>((resolve) => {
      standIn = startStandIn(link('state-store'), resolve)
    }),
  )
  if (standIn === undefined) throw new Error('the stand-in has not started')
  return { broker, link, standIn, clock, advance, resultOf, close: () => resultOf(broker.close()) }
}
