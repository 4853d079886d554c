import { isBytes } from './bytes.js'
import { isRecord } from './plain-data.js'

/**
 * Whether two values are the same data. Of objects other than arrays, plain objects, dates and bytes only the kind is
 * compared: no format can represent them.
 */
export function isSameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one)) return Array.isArray(other) && areSameItems(one, other)
  if (isRecord(one)) return !Array.isArray(other) && isRecord(other) && areSameRecords(one, other)
  if (isBytes(one)) return isBytes(other) && areSameItems(one, other)
  if (one instanceof Date) return other instanceof Date && one.getTime() === other.getTime()
  return Object.prototype.toString.call(one) === Object.prototype.toString.call(other)
}

function areSameItems(one: ArrayLike<unknown>, other: ArrayLike<unknown>): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index += 1) {
    if (!isSameData(one[index], other[index])) return false
  }
  return true
}

function areSameRecords(one: object, other: object): boolean {
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSameData(one[key as never], other[key as never]))
  )
}
