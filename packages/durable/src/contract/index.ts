/**
 * The contract suite of stores, for any test framework.
 *
 * @packageDocumentation
 */
export { storeContract } from './store-contract.js'
export type { StoreCase, StoreSetting } from './store-contract.js'
export type { DurableStore, StoreChange } from '../store/durable-store.js'
