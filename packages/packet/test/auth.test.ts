import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuthPacket, Cursor, encodeAuth, readAuth } from '../src/index.js'
import { bytes, runs, text } from './arbitraries.js'
import { hex, parsedByReference } from './reference.js'

/** Decodes a whole packet, behind its Remaining Length. */
function read(packet: Uint8Array): AuthPacket {
  const lengthSize = packet.subarray(1).findIndex((byte) => byte < 0x80) + 1
  return readAuth(new Cursor().open(packet, 1 + lengthSize))
}

describe('AUTH', () => {
  it('is read back by this package and by mqtt-packet', () => {
    const data = fc.option(bytes, { nil: undefined })
    fc.assert(
      fc.property(fc.constantFrom(0, 0x18, 0x19), text, data, (reasonCode, method, data) => {
        const packet = encodeAuth(reasonCode, method, data)
        expect(read(packet)).toEqual({ reasonCode, method, ...(data === undefined ? {} : { data }) })
        const [parsed] = parsedByReference(packet, 5) as unknown as readonly {
          readonly reasonCode: number
          readonly properties: {
            readonly authenticationMethod: string
            readonly authenticationData?: Uint8Array
          }
        }[]
        expect([parsed?.reasonCode, parsed?.properties.authenticationMethod]).toEqual([reasonCode, method])
        expect(
          parsed?.properties.authenticationData && Uint8Array.from(parsed.properties.authenticationData),
        ).toEqual(data)
      }),
      runs(200),
    )
  })

  it('without properties is a success', () => {
    expect(read(hex('f0 00'))).toEqual({ reasonCode: 0 })
  })

  it('reads the Reason String and User Properties', () => {
    expect(read(hex('f0 0c 18 0a 1f 0001 61 26 0001 62 0000'))).toEqual({
      reasonCode: 0x18,
      reasonString: 'a',
      userProperties: [['b', '']],
    })
  })

  it.each([
    ['bytes follow the properties', 'f0 03 18 00 00'],
    ['Authentication Method is sent twice', 'f0 0a 18 08 15 0001 61 15 0001 61'],
    ['is not allowed in this packet', 'f0 04 18 02 01 00'],
  ])('throws: %s', (message, packet) => {
    expect(() => read(hex(packet))).toThrow(message)
  })

  it('throws on data that is too long', () => {
    expect(() => encodeAuth(0x18, 'x', new Uint8Array(65_536))).toThrow(RangeError)
  })
})
