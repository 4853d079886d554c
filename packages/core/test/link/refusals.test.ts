import { describe, expect, it } from 'vitest'
import { describeReason } from '../../src/link/reason-codes.js'
import { publishRefused, subscribeRefused } from '../../src/link/refusals.js'

describe('describeReason', () => {
  it.each([
    [0x10, 'no matching subscribers (0x10)'],
    [0x80, 'unspecified error (0x80)'],
    [0x87, 'not authorized (0x87)'],
    [0x8e, 'session taken over (0x8e)'],
    [0xa2, 'wildcard subscriptions not supported (0xa2)'],
    [0x05, 'reason 0x05'],
    [0xff, 'reason 0xff'],
  ])('describes reason code %i as %s', (code, text) => {
    expect(describeReason(code)).toBe(text)
  })

  it('names every failure reason code of MQTT 5, 2.4', () => {
    const failures = Array.from({ length: 0xa2 - 0x80 + 1 }, (_, index) => 0x80 + index)
    const unnamed = failures.filter((code) => describeReason(code).startsWith('reason'))
    expect(unnamed).toEqual([])
    expect(new Set(failures.map(describeReason)).size).toBe(failures.length)
  })
})

describe('the error of a refusal', () => {
  it('names the filter and the reason of a refused subscription', () => {
    const error = subscribeRefused('a/+', 0x87)
    expect(error).toMatchObject({
      code: 'subscribe-refused',
      reasonCode: 0x87,
      topic: 'a/+',
      phase: 'after-network',
      rawMessage: 'cannot subscribe to a/+: refused by the broker: not authorized (0x87)',
    })
  })

  it('names the topic and the reason of a refused message', () => {
    expect(publishRefused('a/b', 0x97)).toMatchObject({
      code: 'publish-refused',
      reasonCode: 0x97,
      topic: 'a/b',
      phase: 'after-network',
      rawMessage: 'cannot publish to a/b: refused by the broker: quota exceeded (0x97)',
    })
  })
})
