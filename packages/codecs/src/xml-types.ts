import { array, failure, identity, success, Type } from 'io-ts'

/** A number written as a text: `22.5`, `-7`, `1e-3`; surrounding white space is passed over. */
export const xmlNumber: Type<number, string> = new Type(
  'number',
  (value): value is number => typeof value === 'number',
  (value, context) => {
    const isWritten = typeof value === 'string' && /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)
    return isWritten && Number.isFinite(Number(value)) ? success(Number(value)) : failure(value, context)
  },
  (value) => {
    if (Number.isFinite(value)) return String(value)
    throw new TypeError(`${value} is not a number to be written`)
  },
)

/** `true` or `1`, `false` or `0`, as XML Schema has them; surrounding white space is passed over. */
export const xmlBoolean: Type<boolean, string> = new Type(
  'boolean',
  (value): value is boolean => typeof value === 'boolean',
  (value, context) => {
    const written = typeof value === 'string' ? value.trim() : ''
    if (written === 'true' || written === '1') return success(true)
    return written === 'false' || written === '0' ? success(false) : failure(value, context)
  },
  String,
)

/** A text that may be absent because it is empty: the `#text` of an element with attributes. */
export const xmlText: Type<string, string> = new Type(
  'text',
  (value): value is string => typeof value === 'string',
  (value, context) => {
    if (value === undefined) return success('')
    return typeof value === 'string' ? success(value) : failure(value, context)
  },
  identity,
)

/** A list of any length: none of the elements is an empty list, a single one a list of one. */
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

/** An object whose element may be empty: without attributes and children, `<settings/>` reads as an object too. */
export function xmlObject<A, O>(type: Type<A, O, unknown>): Type<A, O> {
  return new Type(
    type.name,
    type.is,
    (value, context) => type.validate(typeof value === 'string' && value.trim() === '' ? {} : value, context),
    type.encode,
  )
}
