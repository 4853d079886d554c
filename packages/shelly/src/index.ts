/**
 * Shelly devices of generation 2 and later over MQTT, as RxJS streams.
 *
 * @packageDocumentation
 */

export { callMethod, callMethod$ } from './call-method.js'
export type { CallOptions } from './call-method.js'
export type { ShellyMethod } from './method.js'
export { notifications$, online$ } from './notifications.js'
export type { NotificationOptions } from './notifications.js'
export { getStatus, status$ } from './status.js'
export type { DeviceStatus } from './status.js'
export { shellyRpc } from './rpc.js'
export type { ShellyRpcTypes } from './rpc.js'
export type { Call, DeviceError, Notification, Outcome } from './frames.js'
