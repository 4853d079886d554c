/**
 * Zigbee2MQTT as RxJS streams: requests to its bridge, states and availability of its devices.
 *
 * @packageDocumentation
 */

export { callBridge, callBridge$ } from './call-bridge.js'
export type { BridgeRequest, CallOptions } from './call-bridge.js'
export { deviceState$, getState$, setState$ } from './device-state.js'
export type { StateOptions } from './device-state.js'
export { bridgeOnline$, deviceOnline$ } from './online.js'
export { bridgeEndpoint } from './bridge-endpoint.js'
export type { BridgeEndpointTypes } from './bridge-endpoint.js'
export type { BridgeCall, BridgeOutcome, DeviceState } from './frames.js'
export type { BaseTopicOptions } from './topics.js'
