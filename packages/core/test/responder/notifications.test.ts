import { endpoint, requests$, serve, text, type Handler } from '@antiphon/core'
import { delay, of, take, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, textOf } from '../observed.js'
import { inWorld } from '../world.js'
import { withResponder } from './with-responder.js'

const contract = { topic: 'echo', request: text, response: text, acceptsNotifications: true } as const
const notifications = endpoint(contract)
type Notifications = NonNullable<(typeof notifications)['types']>

const bare = { responseTopic: undefined, correlationData: undefined } as never

/** Takes 100 ms for the first notification, and no time for any other. */
const slowAtFirst: Handler<Notifications> = ({ value }) =>
  value === '0' ? of('done').pipe(delay(100)) : of('done')

describe('a notification', () => {
  it('is handled even if an earlier one has the same Correlation Data', () => {
    withResponder(
      { endpoint: notifications, handler: ({ value }) => of(value) },
      ({ sendRequest, world, handled }) => {
        for (let sent = 0; sent < 2; sent++) sendRequest('x', { responseTopic: undefined } as never)
        world.advance(50)
        expect(handled).toHaveLength(2)
      },
    )
  })

  it('gets no response if its handler fails, nor is onFailure called for it', () => {
    const reported: string[] = []
    const wordy = endpoint({
      ...contract,
      onFailure: ({ message }) => {
        reported.push(message)
        return message
      },
    })
    withResponder(
      { endpoint: wordy, handler: () => throwError(() => new Error('no')) },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x', bare)
        world.advance(50)
        expect([responses, reported]).toEqual([[], []])
        expect(records.values).toMatchObject([{ outcome: 'failed', status: 500 }])
      },
    )
  })

  it('gets no response if its handler returns a stream', () => {
    const many = endpoint({ ...contract, responses: 'many' })
    withResponder(
      { endpoint: many, handler: () => ['a', 'b'] },
      ({ sendRequest, world, responses, records }) => {
        sendRequest('x', bare)
        world.advance(50)
        expect(responses).toEqual([])
        expect(records.values).toMatchObject([{ outcome: 'responded', status: 200 }])
      },
    )
  })

  it('is handled without a stack overflow if thousands wait', () => {
    withResponder(
      { endpoint: notifications, handler: slowAtFirst, serve: { concurrency: 1 } },
      ({ sendRequest, world, records }) => {
        for (let index = 0; index < 2_000; index++)
          sendRequest(String(index), { ...(bare as object), qos: 0 })
        world.advance(1_000)
        expect(records.values).toHaveLength(2_000)
        expect(records.values.every(({ outcome }) => outcome === 'responded')).toBe(true)
      },
    )
  })

  it('is recorded before serve completes with its source', () => {
    inWorld((world) => {
      const records = observe(
        world,
        requests$(world.link('server'), notifications).pipe(take(3), serve(slowAtFirst, { concurrency: 1 })),
      )
      world.advance(50)
      for (const payload of ['0', '1', '2'])
        world.broker.publish({ topic: 'echo', payload: bytesOf(payload) })
      world.advance(500)
      expect(records.values.map(({ request }) => textOf(request))).toEqual(['0', '1', '2'])
      expect(records.ending()).toBe('complete')
    })
  })
})
