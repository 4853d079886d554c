export { createPlatform } from './platform.js'
export type { InvokeFault, Platform, PlatformOptions, Telemetry } from './platform.js'
export type { Instance } from './registry.js'
export type { FieldFault } from './parse-invocation.js'
