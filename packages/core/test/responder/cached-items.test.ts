import { endpoint, bytes, requests$, serve } from '@antiphon/core'
import { NEVER, concat, range, map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe } from '../observed.js'
import { inWorld } from '../world.js'
import { withResponder, type ResponderSetupOptions } from './with-responder.js'

const files = endpoint({ topic: 'files', request: bytes, response: bytes, responses: 'many' })

describe('a response that is a part of a larger buffer', () => {
  const echo = endpoint({ topic: 'echo', request: bytes, response: bytes })

  it.each<[kind: string, options: Partial<ResponderSetupOptions<NonNullable<(typeof echo)['types']>>>]>([
    ['part from the middle', {}],
    ['part from the start', { handler: () => of(new Uint8Array(1_000_000).subarray(0, 80)) }],
    ['small part of the request', { handler: ({ value }) => of(value.subarray(0, 1)) }],
  ])('does not keep the buffer in the response cache: %s', (_, options) => {
    const chunk = new Uint8Array(1_000_000)
    const handler = () => of(chunk.subarray(10, 20))
    withResponder({ endpoint: echo, handler, ...options }, ({ sendRequest, responses, world }) => {
      world.advance(10)
      for (let sent = 0; sent < 2; sent++) {
        sendRequest('x')
        world.advance(10)
      }
      const [first, repeated] = responses
      expect(repeated?.message.payload).toEqual(first?.message.payload)
      expect(repeated?.message.payload.buffer.byteLength).toBeLessThan(100)
    })
  })
})

describe('the items of open streams that are cached for duplicates', () => {
  it('are limited in bytes for all streams together', () => {
    inWorld((world) => {
      world.link('requester').messages$('responses').subscribe()
      const link = world.link('server')
      const handler = () => concat(range(4).pipe(map(() => new Uint8Array(1_000))), NEVER)
      const records = observe(
        world,
        requests$(link, files, { responseCache: { bytes: 10_000 } }).pipe(
          serve(handler, { handlerTimeout: 1_000 }),
        ),
      )
      let items = 0
      world.broker.published$.subscribe(({ message }) => {
        if (message.payload.length === 1_000) items++
      })
      world.advance(50)
      const send = (index: number): void =>
        void world.broker.publish({
          topic: 'files',
          payload: bytesOf('x'),
          responseTopic: 'responses',
          correlationData: bytesOf(String(index)),
          messageExpiryInterval: 60,
        })
      for (let index = 0; index < 4; index++) send(index)
      world.advance(5_000)
      expect([items, records.values.length]).toEqual([16, 4])
      // Two streams of 4 000 bytes fit.
      for (let index = 0; index < 4; index++) send(index)
      world.advance(5_000)
      expect([items, records.values.length]).toEqual([24, 4])
    })
  })
})
