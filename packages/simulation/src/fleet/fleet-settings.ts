import type { ExchangeOptions, ServeOptions } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'

/** The size and the habits of a fleet. */
export interface FleetSettings {
  /** Devices that answer commands. */
  readonly devices: number
  /** Clients that send commands to devices and jobs to the group of workers. */
  readonly requesters: number
  /** Members of the group. */
  readonly workers: number
  readonly regions: number
  /** Requests of all requesters together. */
  readonly requestsPerSecond: number
  /** The share of requests that are jobs, 0 to 1. */
  readonly jobShare: number
  /** How a worker serves jobs. */
  readonly serve: Pick<ServeOptions, 'concurrency' | 'queue' | 'shedLate'>
  /** Jobs that a worker can do at full speed at once; more of them share its processor cores. */
  readonly cores: number
  /** The median time of a job in milliseconds, and the spread of its logarithm. */
  readonly serviceTime: { readonly median: number; readonly spread: number }
  /** The options of each request. */
  readonly request: ExchangeOptions
  /** The options of the link of each device. */
  readonly deviceLink: LinkOptions
}

/** A fleet as the scenarios use it, before its numbers are scaled. */
export const usualFleet: FleetSettings = {
  devices: 10_000,
  requesters: 100,
  workers: 10,
  regions: 4,
  requestsPerSecond: 1_000,
  jobShare: 0.5,
  serve: { concurrency: 16, queue: 200 },
  cores: Infinity,
  serviceTime: { median: 100, spread: 0.5 },
  request: { timeout: 10_000, retry: { count: 3 } },
  deviceLink: {},
}
