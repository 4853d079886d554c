export { createPlatform } from './platform.js'
export type {
  InvokeCallOptions,
  InvokeFault,
  Platform,
  PlatformOptions,
  PlatformStorage,
  Telemetry,
} from './platform.js'
export type { HttpListenOptions } from './http-api.js'
export type { Instance } from './registry.js'
export type { FieldFault } from './parse-invocation.js'
