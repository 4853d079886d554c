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
  ])('reads %i as people do', (code, text) => {
    expect(describeReason(code)).toBe(text)
  })

  it('knows every reason a server can give [MQTT 5, 2.4]', () => {
    const failures = Array.from({ length: 0xa2 - 0x80 + 1 }, (_, place) => 0x80 + place)
    const unnamed = failures.filter((code) => describeReason(code).startsWith('reason'))
    expect(unnamed).toEqual([])
    expect(new Set(failures.map(describeReason)).size).toBe(failures.length)
  })
})

describe('a refusal', () => {
  it('of a subscription names the filter, the reason and that the network was involved', () => {
    const error = subscribeRefused('a/+', 0x87)
    expect(error).toMatchObject({
      code: 'subscribe-refused',
      reasonCode: 0x87,
      topic: 'a/+',
      phase: 'after-network',
      rawMessage: 'the broker refused the subscription to a/+: not authorized (0x87)',
    })
  })

  it('of a message names the topic, the reason and that the network was involved', () => {
    expect(publishRefused('a/b', 0x97)).toMatchObject({
      code: 'publish-refused',
      reasonCode: 0x97,
      topic: 'a/b',
      phase: 'after-network',
      rawMessage: 'the broker refused the message to a/b: quota exceeded (0x97)',
    })
  })
})
