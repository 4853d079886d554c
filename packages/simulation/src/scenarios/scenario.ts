import type { Fleet } from '../fleet/fleet.js'
import type { FleetSettings } from '../fleet/fleet-settings.js'
import type { Disturbance } from '../record/result.js'
import type { BrokerCapacity } from '../world/broker-model.js'
import type { World } from '../world/world.js'

/** Something that happens to a fleet. Times are in seconds since the load began. */
export interface Scenario {
  readonly name: string
  /** What happens, as a sentence. */
  readonly title: string
  readonly disturbance: Disturbance
  /** How long requests are offered. */
  readonly duration: number
  /** Whether it needs a world that can cut regions. */
  readonly needsRegions?: boolean
  /** Changes to the usual fleet. */
  readonly settings?: Partial<FleetSettings>
  /** Changes to the usual broker of a simulation, by the number of devices. */
  readonly capacity?: (devices: number) => Partial<BrokerCapacity>
  /** The name of the scenario in which the same happens with a feature of the library, to compare the two. */
  readonly comparedTo?: string
  /** Starts the disturbance. */
  readonly start: (fleet: Fleet, world: World) => void
  /** Ends the disturbance, if it does not end by itself. */
  readonly end?: (fleet: Fleet, world: World) => void
}
