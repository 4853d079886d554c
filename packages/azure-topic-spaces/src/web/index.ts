/**
 * The connection of a device for web pages, over the platform's own WebSocket. All else is in `@antiphon/azure-topic-spaces`.
 *
 * @packageDocumentation
 */
export { connectDevice } from './connect-device.js'
export type { WebDeviceOptions } from './connect-device.js'
