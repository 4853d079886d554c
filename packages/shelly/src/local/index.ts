/**
 * A device that stands in for a Shelly device.
 *
 * @packageDocumentation
 */

export { localDevice } from './local-device.js'
export type { LocalDevice, LocalDeviceOptions, MethodHandler } from './local-device.js'
