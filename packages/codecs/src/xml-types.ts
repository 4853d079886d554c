import { array, failure, identity, success, Type } from 'io-ts'

/** A type for numbers in XML: `22.5`, `-7`, `1e-3`; surrounding white space is ignored. */
export const xmlNumber: Type<number, string> = new Type(
  'number',
  (value): value is number => typeof value === 'number',
  (value, context) => {
    const isNumber = typeof value === 'string' && /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)
    return isNumber && Number.isFinite(Number(value)) ? success(Number(value)) : failure(value, context)
  },
  (value) => {
    if (Number.isFinite(value)) return String(value)
    throw new TypeError(`${value} cannot be encoded: an XML number must be finite`)
  },
)

/** A type for booleans of XML Schema: `true` or `1`, `false` or `0`; surrounding white space is ignored. */
export const xmlBoolean: Type<boolean, string> = new Type(
  'boolean',
  (value): value is boolean => typeof value === 'boolean',
  (value, context) => {
    const trimmed = typeof value === 'string' ? value.trim() : ''
    if (trimmed === 'true' || trimmed === '1') return success(true)
    return trimmed === 'false' || trimmed === '0' ? success(false) : failure(value, context)
  },
  String,
)

/** A type for strings that are absent if empty, such as the `#text` of an element with attributes. */
export const xmlText: Type<string, string> = new Type(
  'text',
  (value): value is string => typeof value === 'string',
  (value, context) => {
    if (value === undefined) return success('')
    return typeof value === 'string' ? success(value) : failure(value, context)
  },
  identity,
)

/** Creates a type for arrays of any length: no element decodes to an empty array, one element to an array of one item. */
export function xmlList<A, O>(item: Type<A, O, unknown>): Type<A[], O[]> {
  const items = array(item)
  return new Type(
    items.name,
    items.is,
    (value, context) => {
      if (value === undefined) return success([])
      return items.validate(Array.isArray(value) ? value : [value], context)
    },
    items.encode,
  )
}

/** Creates a type for objects whose element may be empty: `<settings/>` decodes to an object too. */
export function xmlObject<A, O>(type: Type<A, O, unknown>): Type<A, O> {
  return new Type(
    type.name,
    type.is,
    (value, context) => type.validate(typeof value === 'string' && value.trim() === '' ? {} : value, context),
    type.encode,
  )
}
