/**
 * io-ts types for what the formats of this package have beyond JSON. Needs `io-ts`.
 *
 * @packageDocumentation
 */

export { integer64 } from './integer-64.js'
export { xmlBoolean, xmlList, xmlNumber, xmlObject, xmlText } from './xml-types.js'
