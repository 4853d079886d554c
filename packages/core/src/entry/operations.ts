/**
 * Operations: the health of a link for probes, and a shutdown that loses no request.
 *
 * @packageDocumentation
 */

export { health } from '../operate/health.js'
export type { HealthOptions, HealthReport } from '../operate/health.js'
export { shutdownOn } from '../operate/shutdown-on.js'
export type { Shutdown, ShutdownOptions, ShutdownOutcome, SignalSource } from '../operate/shutdown-on.js'
