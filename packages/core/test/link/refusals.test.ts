import { describe, expect, it } from 'vitest'
import { publishRefused, subscribeRefused } from '../../src/link/refusals.js'

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
})
