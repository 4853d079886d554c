/**
 * Requests and responses that survive the process.
 *
 * @packageDocumentation
 */
export { durableRequests } from './requests/durable-requests.js'
export type {
  DurableRequests,
  DurableRequestsOptions,
  DurableSendOptions,
} from './requests/durable-requests.js'
export type { DurableOutcome } from './requests/durable-outcome.js'
export { durableResponses } from './responses/durable-responses.js'
export type { DurableHandler, DurableResponsesOptions } from './responses/durable-responses.js'
export { memoryStore } from './store/memory-store.js'
export type { DurableStore, StoreChange } from './store/durable-store.js'
