import { endpoint, bytes, requests$, serve } from '@antiphon/core'
import { NEVER, concat, range, map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe } from '../observed.js'
import { inWorld } from '../world.js'

const files = endpoint({ topic: 'files', request: bytes, response: bytes, responses: 'many' })

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
