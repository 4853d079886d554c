/**
 * The command `antiphon` for programs: the records that it prints with `--json`, and its exit codes.
 *
 * @packageDocumentation
 */

export { exitCodes } from './exit-codes.js'
export type { Percentiles } from './output/percentiles.js'
export type { OutputRecord, PayloadFields, Property } from './output/records.js'
export { recordSchema } from './output/record-schema.js'
