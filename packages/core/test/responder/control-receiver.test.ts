import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { cancelProperties, withEchoResponder } from './with-responder.js'

describe('a message on the control topic', () => {
  it('is reported on ignoredRequests$ if it cancels a request', () => {
    withEchoResponder(
      ({ sendRequest, sendControl, world, ignored, records }) => {
        sendRequest('x')
        world.advance(10)
        sendControl(cancelProperties)
        world.advance(10)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
        expect(ignored).toMatchObject([{ reason: 'cancel', detail: 'it cancels a request' }])
      },
      { handler: () => NEVER },
    )
  })

  it('is not processed if it is no exchange control message', () => {
    withEchoResponder(
      ({ sendRequest, sendControl, world, responses, records, ignored }) => {
        sendRequest('running', { userProperties: [['__ctl', '1']] })
        sendRequest('ended', { correlationData: bytesOf('2') })
        world.advance(200)
        const before = responses.length
        for (const properties of [[], [['__ctl', 'unknown']]] as const) {
          sendControl(properties)
          sendControl(properties, { correlationData: bytesOf('2') })
        }
        world.advance(200)
        expect(responses).toHaveLength(before)
        expect(records.values).toHaveLength(1)
        expect(ignored).toEqual([])
      },
      { handler: ({ value }) => (value === 'running' ? NEVER : ['done']) },
    )
  })
})
