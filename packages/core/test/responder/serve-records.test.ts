import { delay, NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'
import { cancelProperties, withEchoResponder } from './with-responder.js'

describe('the record of a request', () => {
  it('has the time of the cancel as its end', () => {
    withEchoResponder(
      ({ sendRequest, sendControl, world, records }) => {
        sendRequest('x')
        world.advance(100)
        sendControl(cancelProperties)
        world.advance(10)
        const [{ receivedAt = NaN, startedAt = NaN, endedAt = NaN } = {}] = records.values
        expect([startedAt - receivedAt, endedAt - receivedAt]).toEqual([0, 100])
      },
      { handler: () => NEVER },
    )
  })

  it('has no start if the request was cancelled while it waited', () => {
    withEchoResponder(
      ({ sendRequest, sendControl, world, records }) => {
        for (const token of ['running', 'waits']) sendRequest(token, { correlationData: bytesOf(token) })
        world.advance(10)
        sendControl(cancelProperties, { correlationData: bytesOf('waits') })
        world.advance(10)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['cancelled'])
        expect(records.values[0]).not.toHaveProperty('startedAt')
      },
      { handler: () => NEVER, serve: { concurrency: 1 } },
    )
  })

  it('has neither an error nor unset properties if the handler responded', () => {
    withEchoResponder(({ sendRequest, world, records }) => {
      sendRequest('x')
      world.advance(10)
      expect(Object.keys(records.values[0] ?? {}).sort()).toEqual(
        ['endedAt', 'endpoint', 'outcome', 'params', 'receivedAt', 'request', 'startedAt', 'status'].sort(),
      )
    })
  })
})

describe('a request that waits for its key only', () => {
  it('is not shed on arrival for the time that others wait for room', () => {
    withEchoResponder(
      ({ sendRequest, world, records }) => {
        sendRequest('first', { correlationData: bytesOf('first') })
        world.advance(1_000)
        sendRequest('second', { correlationData: bytesOf('second') })
        world.advance(650)
        sendRequest('third', { correlationData: bytesOf('third'), messageExpiryInterval: 1 })
        world.advance(2_000)
        expect(records.values.map(({ outcome }) => outcome)).toEqual(['responded', 'responded', 'responded'])
      },
      { handler: () => of('done').pipe(delay(700)), serve: { concurrency: 2, orderedBy: () => 'key' } },
    )
  })
})
