/**
 * A bridge for marble tests, on the virtual broker of `@antiphon/testing`.
 *
 * @packageDocumentation
 */

export { marbleBridge } from './marble-bridge.js'
export type { MarbleBridge, MarbleBridgeOptions } from './marble-bridge.js'
