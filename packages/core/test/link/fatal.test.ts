import { describe, expect, it } from 'vitest'
import { AntiphonError, type ErrorCode } from '../../src/errors.js'
import { isFatal } from '../../src/link/fatal.js'

const failed = (code: ErrorCode, reasonCode?: number): AntiphonError =>
  new AntiphonError(code, 'x', reasonCode === undefined ? {} : { reasonCode })

/** Every reason code a CONNACK can carry, of MQTT 3.1.1 and of MQTT 5. */
const connackCodes = [
  1, 2, 3, 4, 5, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
  0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f,
]
/** Those after which the broker may accept the same CONNECT later. */
const temporary = [3, 0x80, 0x83, 0x88, 0x89, 0x97, 0x9c, 0x9f]
const ofCredentials = [4, 5, 0x86, 0x87]

describe('isFatal', () => {
  it.each(connackCodes)('is true for CONNACK code %s only if a retry cannot succeed', (code) => {
    const refusal = failed('connection-refused', code)
    const isCredentials = ofCredentials.includes(code)
    expect(isFatal(refusal, false)).toBe(!temporary.includes(code))
    expect(isFatal(refusal, true)).toBe(!temporary.includes(code) && !isCredentials)
  })

  it.each([undefined, 0x00, 0x04, 0x81, 0x87, 0x88, 0x8b, 0x8d, 0x95, 0x97, 0x98, 0x9d, 0xa0])(
    'is false for a connection lost with reason code %s',
    (code) => {
      expect(isFatal(failed('connection-lost', code), true)).toBe(false)
      expect(isFatal(failed('connection-lost', code), false)).toBe(false)
    },
  )

  it('is true for Session taken over', () => {
    expect(isFatal(failed('connection-lost', 0x8e), true)).toBe(true)
  })

  it('is false for errors without a reason code, except invalid-argument', () => {
    expect(isFatal(failed('connection-refused'), false)).toBe(false)
    expect(isFatal(failed('unknown'), false)).toBe(false)
    expect(isFatal(failed('invalid-argument'), true)).toBe(true)
  })
})
