/**
 * A stand-in of AWS IoT Core that runs in your program.
 *
 * @packageDocumentation
 */

export { localService } from './local-service.js'
export type { HandledRequest, LocalService } from './local-service.js'
