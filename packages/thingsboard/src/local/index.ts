/**
 * A platform that stands in for ThingsBoard.
 *
 * @packageDocumentation
 */

export { localPlatform } from './local-platform.js'
export type { DeviceCall, LocalDeviceState, LocalPlatform, LocalPlatformOptions } from './local-platform.js'
