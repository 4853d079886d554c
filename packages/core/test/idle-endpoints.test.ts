import { endpoint, requests$, serve, text } from '@antiphon/core'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { heapUsed } from './topic/garbage.js'
import { inWorld } from './world.js'

const count = 2_000

describe('serve', () => {
  it('keeps little memory for an endpoint before its first request', () => {
    inWorld((world) => {
      const link = world.link('responder')
      const open = (name: string): void => {
        const contract = endpoint({ topic: `idle/${name}`, request: text, response: text })
        requests$(link, contract)
          .pipe(serve(({ value }) => of(value)))
          .subscribe()
      }
      for (let index = 0; index < 10; index += 1) open(`first-${index}`)
      world.advance(1_000)
      const before = heapUsed()
      for (let index = 0; index < count; index += 1) open(`${index}`)
      world.advance(1_000)
      // Of which the broker of the test has a part; with the state that the first request needs it would be more than twice as much.
      expect((heapUsed() - before) / count).toBeLessThan(4_700)
    })
  })
})
