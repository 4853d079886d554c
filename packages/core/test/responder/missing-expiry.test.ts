import { endpoint, text } from '@antiphon/core'
import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { withEchoResponder, withResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })

// Mosquitto omits the Message Expiry Interval of a message that it delivers in the last second before its expiry.
describe('a request without Message Expiry Interval', () => {
  it('expires within a second if its requester always sends one, as __ctl shows', () => {
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x', { userProperties: [['__ctl', '1']] })
        world.advance(900)
        expect(records.values).toEqual([])
        world.advance(200)
        expect(records.values).toMatchObject([{ outcome: 'expired' }])
      },
      { handler: () => NEVER },
    )
  })

  it('expires within a second without items and credit if it requests a stream', () => {
    withResponder({ endpoint: many, handler: () => NEVER }, ({ sendRequest, world, records }) => {
      sendRequest('x', { userProperties: [['__ctl', '1'], ['__credit', '4']] }) // prettier-ignore
      world.advance(1_200)
      expect(records.values).toMatchObject([{ outcome: 'expired' }])
    })
  })

  it('does not expire if it comes from another requester', () => {
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('x')
        sendRequest('y', { correlationData: bytesOf('y'), userProperties: [['__srcId', 'plain']] })
        world.advance(60_000)
        expect(records.values).toEqual([])
      },
      { handler: () => NEVER },
    )
  })
})
