import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Cursor } from '../src/cursor.js'
import {
  maxVariableByteInteger,
  packetSize,
  variableByteIntegerSize,
  writeVariableByteInteger,
} from '../src/variable-byte-integer.js'
import { runs } from './arbitraries.js'
import { hex } from './reference.js'

const read = (bytes: Uint8Array): number => new Cursor().open(bytes).variableByteInteger()

describe('Variable Byte Integers', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2_097_151, 'ffff7f'],
    [2_097_152, '80808001'],
    [maxVariableByteInteger, 'ffffff7f'],
  ])('encode %i as %s, as table 1-1 of the norm does', (value, digits) => {
    const bytes = new Uint8Array(4)
    const end = writeVariableByteInteger(bytes, 0, value)
    expect(bytes.subarray(0, end)).toEqual(hex(digits))
    expect(variableByteIntegerSize(value)).toBe(end)
    expect(packetSize(value)).toBe(1 + end + value)
    expect(read(hex(digits))).toBe(value)
  })

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maxVariableByteInteger }), (value) => {
        const bytes = new Uint8Array(variableByteIntegerSize(value))
        expect(writeVariableByteInteger(bytes, 0, value)).toBe(bytes.length)
        expect(read(bytes)).toBe(value)
      }),
      runs(500),
    )
  })

  it.each(['8000', '808000', 'ff8000', '80808000'])(
    'are rejected if %s encodes them, [MQTT-1.5.5-1]',
    (digits) => {
      expect(() => read(hex(digits))).toThrow('fewest bytes [MQTT-1.5.5-1]')
    },
  )

  it.each(['80808080', 'ffffffff7f'])('are rejected with more than four bytes, as in %s', (digits) => {
    expect(() => read(hex(digits))).toThrow('more than four bytes')
  })

  it.each(['', '80', 'ffffff'])('are rejected if %s ends within them', (digits) => {
    expect(() => read(hex(digits))).toThrow('ends within a field')
  })
})
