/**
 * A platform for marble tests, on virtual time.
 *
 * @packageDocumentation
 */

export { marblePlatform } from './marble-platform.js'
export type { MarblePlatform } from './marble-platform.js'
