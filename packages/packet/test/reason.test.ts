import { describe, expect, it } from 'vitest'
import { describeReason, Reason } from '../src/index.js'

describe('describeReason', () => {
  it.each([
    [0x00, 'success (0x00)'],
    [0x02, 'granted QoS 2 (0x02)'],
    [0x10, 'no matching subscribers (0x10)'],
    [0x87, 'not authorized (0x87)'],
    [0x9b, 'QoS not supported (0x9b)'],
    [0x7f, 'reason 0x7f'],
  ])('names %i as %s', (code, text) => {
    expect(describeReason(code)).toBe(text)
  })

  it('knows each code once', () => {
    const codes = Object.values(Reason)
    expect(new Set(codes).size).toBe(codes.length)
  })
})
