import { endpoint, bytes, requests$, serve, type Handler } from '@antiphon/core'
import { NEVER, Subject, concat, range, map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, textOf } from '../observed.js'
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

  /** Runs a test with streams of some kB; the cache holds 10 kB of open streams, and as much of those that have ended. */
  function withStreams(
    test: (setup: {
      /** Sends the request for a stream of some kB, and returns how many kB the responder sends. */
      readonly request: (kB: number) => number
      readonly end: (kB: number) => void
    }) => void,
  ): void {
    const ends = new Map<string, Subject<never>>()
    const handler: Handler<NonNullable<(typeof files)['types']>> = ({ message }) => {
      const kB = textOf(message)
      const end$ = new Subject<never>()
      ends.set(kB, end$)
      return concat(range(Number(kB)).pipe(map(() => new Uint8Array(1_000))), end$)
    }
    withResponder(
      { endpoint: files, handler, requests: { responseCache: { bytes: 10_000 } } },
      ({ world, sendRequest, responses }) => {
        world.link('requester').messages$('responses').subscribe()
        world.advance(10)
        test({
          request: (kB) => {
            const before = responses.length
            sendRequest(String(kB), { topic: 'files', correlationData: bytesOf(String(kB)) })
            world.advance(100)
            return responses.slice(before).filter(({ message }) => message.payload.length === 1_000).length
          },
          end: (kB) => {
            ends.get(String(kB))?.complete()
            world.advance(100)
          },
        })
      },
    )
  }

  it('make room for those of the next stream when their stream ends', () => {
    withStreams(({ request, end }) => {
      for (const kB of [6, 7, 8, 9]) {
        expect(request(kB)).toBe(kB)
        end(kB)
        expect(request(kB)).toBe(kB)
      }
    })
  })

  it('make room for those of another stream once they are too many to be cached', () => {
    withStreams(({ request, end }) => {
      expect(request(12)).toBe(12)
      expect(request(8)).toBe(8)
      end(8)
      expect(request(8)).toBe(8)
      end(12)
      expect(request(12)).toBe(0)
    })
  })
})
