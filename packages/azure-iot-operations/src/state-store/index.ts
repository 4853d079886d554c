/**
 * The state store of Azure IoT Operations: keys and values, observed keys, and leases.
 *
 * @packageDocumentation
 */

export { stateStore } from './state-store.js'
export type {
  ChangeOptions,
  SetOptions,
  SetResult,
  StateStore,
  StateStoreEntry,
  StateStoreKey,
  StateStoreOptions,
  StateStoreRequest,
} from './state-store.js'
export { lease$ } from './lease.js'
export type { LeaseOptions, LeaseState } from './lease.js'
