import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import type { SchedulerLike } from 'rxjs'

/** A client of the fleet. */
export interface Client {
  readonly clientId: string
  /** The clients of a region lose the network together. */
  readonly region: number
}

/** Where a fleet runs: a simulation of a broker on virtual time, or a real broker. */
export interface World {
  readonly scheduler: SchedulerLike
  /** Makes a link whose session survives its connections. */
  readonly link: (client: Client, options: LinkOptions) => Link
  /** Stops the broker for some time. */
  readonly stopBroker: (milliseconds: number, sessions: 'keep' | 'lose') => void
  /** Cuts the connections of a region for some time. */
  readonly cutRegion: (region: number, milliseconds: number) => void
  /** Runs the world until a time in milliseconds since its start, and reports each second. */
  readonly runTo: (end: number) => Promise<void>
  /** Ends the world and frees its resources. */
  readonly end: () => Promise<void>
}
