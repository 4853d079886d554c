/**
 * A bridge that stands in for Zigbee2MQTT and its radio.
 *
 * @packageDocumentation
 */

export { localBridge } from './local-bridge.js'
export type { BridgeHandler, DeviceCommand, LocalBridge, LocalBridgeOptions } from './local-bridge.js'
