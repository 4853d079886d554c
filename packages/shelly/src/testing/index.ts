/**
 * A device for marble tests, on the virtual broker of `@antiphon/testing`.
 *
 * @packageDocumentation
 */

export { marbleDevice } from './marble-device.js'
export type { MarbleDevice, MarbleDeviceOptions } from './marble-device.js'
