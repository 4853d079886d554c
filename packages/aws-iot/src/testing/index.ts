/**
 * Services and devices for marble tests, on the virtual broker of `@antiphon/testing`.
 *
 * @packageDocumentation
 */

export { marbleService } from './marble-service.js'
export type { MarbleService } from './marble-service.js'
export { marbleThing } from './marble-thing.js'
export type { MarbleThing, MarbleThingOptions } from './marble-thing.js'
