import { describe, expect, it } from 'vitest'
import { describeReason, Reason } from '../src/index.js'

describe('describeReason', () => {
  it.each([
    [0x00, 'success (0x00)'],
    [0x02, 'granted QoS 2 (0x02)'],
    [0x10, 'no matching subscribers (0x10)'],
    [0x80, 'unspecified error (0x80)'],
    [0x87, 'not authorized (0x87)'],
    [0x8e, 'session taken over (0x8e)'],
    [0xa2, 'wildcard subscriptions not supported (0xa2)'],
    [0x9b, 'QoS not supported (0x9b)'],
    [0x05, 'reason 0x05'],
    [0xff, 'reason 0xff'],
  ])('names %i as %s', (code, text) => {
    expect(describeReason(code)).toBe(text)
  })

  it('names every failure reason code of MQTT 5, 2.4', () => {
    const failures = Array.from({ length: 0xa2 - 0x80 + 1 }, (_, index) => 0x80 + index)
    expect(failures.filter((code) => describeReason(code).startsWith('reason'))).toEqual([])
    expect(new Set(failures.map(describeReason)).size).toBe(failures.length)
    expect(new Set(Object.values(Reason)).size).toBe(Object.values(Reason).length)
  })
})
