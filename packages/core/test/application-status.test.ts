import { ApplicationError, endpoint, exchange$, requests$, serve, text } from '@antiphon/core'
import { throwError } from 'rxjs'
import { expect, it } from 'vitest'
import { observe } from './observed.js'
import { inWorld } from './world.js'

const find = endpoint({ topic: 'find', request: text, response: text })

it('reports the status of an ApplicationError to the requester', () => {
  inWorld((world) => {
    const missing = new ApplicationError({ code: 'missing', message: 'no such book', status: 404 })
    observe(world, requests$(world.link('server'), find).pipe(serve(() => throwError(() => missing))))
    world.advance(20)
    const call = observe(world, exchange$(world.link('requester'), find, 'x'))
    world.advance(20)
    const status = {
      code: 404,
      message: 'no such book',
      isApplicationError: true,
      applicationCode: 'missing',
    }
    expect(call.ending()).toMatchObject({ code: 'status', status })
  })
})

it('retries the status 503 of an application with another correlation, so that the handler runs again', () => {
  inWorld((world) => {
    let runs = 0
    const handler = () => {
      runs += 1
      if (runs === 1) throw new ApplicationError({ code: 'warming-up', status: 503 })
      return 'found'
    }
    observe(world, requests$(world.link('server'), find).pipe(serve(handler)))
    world.advance(20)
    const call = observe(world, exchange$(world.link('requester'), find, 'x', { retry: { count: 1 } }))
    world.advance(5_000)
    expect([call.values, runs]).toEqual([['found'], 2])
  })
})
