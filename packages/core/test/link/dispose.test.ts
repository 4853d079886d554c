import { expect, it } from 'vitest'
import { inWorld } from '../world.js'
import { observe } from '../observed.js'
import { logged } from '@antiphon/core'

it('closes a link, also behind a middleware, at the end of an await using', () => {
  inWorld((world) => {
    const link = world.link('a')
    const states = observe(world, link.state$)
    world.advance(10)
    expect(typeof logged(() => undefined)(link)[Symbol.asyncDispose]).toBe('function')
    void logged(() => undefined)(link)[Symbol.asyncDispose]()
    world.advance(10)
    expect(states.values.at(-1)).toEqual({ status: 'closed' })
    expect(states.ending()).toBe('complete')
  })
})
