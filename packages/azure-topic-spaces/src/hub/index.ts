export { createHub } from './hub.js'
export type { Hub, HubOptions, LocalDevice } from './hub.js'
export type { Device, DeviceRegistry, NewDevice } from './device-registry.js'
export type { TopicSpaceRegistry } from './topic-space-registry.js'
