import { describe, expect, it } from 'vitest'
import {
  publishRefused,
  refusedByClosing,
  subscribeRefused,
  subscribeUnsupported,
  unsubscribeRefused,
} from '../../src/link/refusals.js'

describe('the error of a refusal', () => {
  it('names the filter and the reason of a refused subscription', () => {
    const error = subscribeRefused('a/+', 0x87)
    expect(error).toMatchObject({
      code: 'subscribe-refused',
      reasonCode: 0x87,
      topic: 'a/+',
      phase: 'after-network',
      rawMessage:
        "cannot subscribe to a/+: refused by the broker: not authorized (0x87); check the broker's access rules",
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

  it('names the filter and the reason of a subscription that could not be ended', () => {
    expect(unsubscribeRefused('a/+', 0x83)).toMatchObject({
      code: 'unsubscribe-refused',
      reasonCode: 0x83,
      topic: 'a/+',
      rawMessage: 'cannot unsubscribe from a/+: refused by the broker: implementation specific error (0x83)',
    })
  })

  it('names the filter of a subscription that is not sent, because the broker does not support it', () => {
    expect(subscribeUnsupported('$share/g/a', 0x9e)).toMatchObject({
      code: 'subscribe-refused',
      reasonCode: 0x9e,
      topic: '$share/g/a',
      phase: 'before-network',
      rawMessage: 'cannot subscribe to $share/g/a: shared subscriptions not supported (0x9e)',
    })
  })

  it('tells how many connections a message cost that the broker refuses by closing', () => {
    const expected = {
      code: 'publish-refused',
      topic: 'a/b',
      phase: 'after-network',
      rawMessage:
        'cannot publish to a/b: the broker closed 3 connections in a row after it was sent; it is not sent again',
    }
    expect(refusedByClosing('a/b', 3, 0x97)).toMatchObject({ ...expected, reasonCode: 0x97 })
    expect(refusedByClosing('a/b', 3, undefined)).toMatchObject(expected)
    expect(refusedByClosing('a/b', 3, undefined).reasonCode).toBeUndefined()
  })
})
