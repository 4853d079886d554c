import type { AcknowledgeMode } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { withEchoResponder } from './with-responder.js'

describe('a duplicate of a request that has its response', () => {
  it.each<[mode: AcknowledgeMode, unacknowledged: number]>([
    ['on-start', 0],
    ['on-receipt', 0],
    ['after-response', 1],
  ])('is acknowledged with %s as a request is', (acknowledge, expected) => {
    withEchoResponder(
      ({ sendRequest, world, responses, unacknowledged }) => {
        sendRequest('x')
        world.advance(50)
        sendRequest('x')
        // The broker has received the second response, but its acknowledgement has not arrived.
        world.advance(2)
        expect([responses.length, unacknowledged()]).toEqual([2, expected])
        world.advance(10)
        expect(unacknowledged()).toBe(0)
      },
      { requests: { acknowledge } },
    )
  })
})
