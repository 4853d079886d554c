import { utf8Size } from '@antiphon/packet'
import type { UserProperties } from '../message.js'

/** Each has an identifier and two lengths of two bytes. */
const PROPERTY_OVERHEAD = 5

/** More properties may lengthen the Property Length and the Remaining Length by up to three bytes each. */
const LENGTHS_OVERHEAD = 6

/** Returns the most bytes that User Properties add to a packet. */
export function userPropertiesSize(properties: UserProperties): number {
  const sizes = properties.map(([name, value]) => PROPERTY_OVERHEAD + utf8Size(name) + utf8Size(value))
  return sizes.reduce((sum, size) => sum + size, LENGTHS_OVERHEAD)
}
