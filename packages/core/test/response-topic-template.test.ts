import { endpoint, exchange$, ignoredRequests$, requests$, serve, text } from '@antiphon/core'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy } from './observed.js'
import { inWorld } from './world.js'

const status = endpoint({
  topic: 'devices/{device}/status',
  responseTopic: 'clients/{client}/{device}',
  responseFilter: 'clients/{client}/+',
  request: text,
  response: text,
})
const clock = endpoint({ topic: 'clock', responseTopic: 'clients/{client}', request: text, response: text })

describe('a response topic with a parameter that the request topic lacks', () => {
  it('is filled by the requester and taken from the request by the responder', () => {
    inWorld((world) => {
      requests$(world.link('server'), status)
        .pipe(serve(({ value, params }) => of(`${params.device} ${value}`)))
        .subscribe()
      world.advance(10)
      const subscribed: string[] = []
      world.broker.subscriptions$.subscribe(({ clientId, filter }) => {
        if (clientId === 'requester') subscribed.push(filter)
      })
      const link = world.link('requester')
      const calls = ['d1', 'd2'].map((device) =>
        observe(world, exchange$(link, status, { params: { device, client: 'me' }, value: 'on?' })),
      )
      world.advance(50)
      expect(calls.map(({ values }) => values)).toEqual([['d1 on?'], ['d2 on?']])
      expect(subscribed).toEqual(['clients/me/+'])
    })
  })

  it('is passed beside the value also if the request topic has no parameter', () => {
    inWorld((world) => {
      requests$(world.link('server'), clock)
        .pipe(serve(() => of('12:00')))
        .subscribe()
      world.advance(10)
      const published = publishedBy(world, 'requester')
      const params = { client: 'me' }
      const call = observe(world, exchange$(world.link('requester'), clock, { params, value: 'x' }))
      world.advance(50)
      expect(call.values).toEqual(['12:00'])
      expect(published[0]?.message.responseTopic).toBe('clients/me')
    })
  })

  it('fails a request without its value before anything is sent', () => {
    inWorld((world) => {
      const argument = { params: {}, value: 'x' } as never
      const call = observe(world, exchange$(world.link('requester'), clock, argument))
      world.advance(50)
      expect(call.ending()).toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    })
  })

  it('ignores a request whose Response Topic is not one of the endpoint', () => {
    inWorld((world) => {
      const server = world.link('server')
      const ignored = observe(world, ignoredRequests$(server))
      requests$(server, status)
        .pipe(serve(() => of('x')))
        .subscribe()
      world.advance(10)
      for (const responseTopic of ['elsewhere', 'clients/c/d2'])
        world.broker.publish({
          topic: 'devices/d1/status',
          payload: bytesOf('x'),
          responseTopic,
          correlationData: bytesOf('1'),
        })
      world.advance(50)
      expect(ignored.values.map(({ reason, detail }) => [reason, detail])).toEqual([
        ['response-topic', 'response topic "elsewhere" is not allowed: it is not one of the endpoint'],
        ['response-topic', 'response topic "clients/c/d2" is not allowed: it is not one of the endpoint'],
      ])
    })
  })
})
