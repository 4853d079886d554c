/**
 * The internals that `@antiphon/conformance` uses. Not public API: they may change in any release.
 *
 * @internal
 * @packageDocumentation
 */

export { isEqual } from './compare/equal.js'
export { expectEqual, expectThat } from './compare/expectation.js'
export { readable } from './compare/readable.js'
export { virtualTime } from './time/virtual-time.js'
export type { VirtualTime } from './time/virtual-time.js'
