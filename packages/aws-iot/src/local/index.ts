/**
 * A stand-in of AWS IoT Core that runs in your program.
 *
 * @packageDocumentation
 */

export { localService } from './local-service.js'
export type { HandledRequest, LocalCommand, LocalService } from './local-service.js'
export type { LocalExecution } from './command-service.js'
export type { LocalJob } from './job-service.js'
