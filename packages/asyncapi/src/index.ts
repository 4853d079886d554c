/**
 * Contracts as files: AsyncAPI 3.1 documents from endpoints and endpoints from documents, their differences, and mocks.
 *
 * @packageDocumentation
 */

export { toAsyncApi } from './to-async-api.js'
export type { DocumentInfo } from './to-async-api.js'
export { fromAsyncApi } from './from-async-api.js'
export type { FromAsyncApiOptions, ReadContract } from './from-async-api.js'
export type { Unsupported } from './read-operations.js'
export { DocumentError } from './document-error.js'
export type { Json, JsonObject } from './json.js'
export { diff } from './diff.js'
export type { Change, ChangeLevel, ContractDiff } from './diff.js'
export { mock } from './mock.js'
export type { MockFault, MockOptions } from './mock.js'
export { generateTypes } from './generate-types.js'
export { completeValue } from './complete-value.js'
export type { CompleteOptions } from './complete-value.js'
