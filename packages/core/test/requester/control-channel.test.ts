import { endpoint, exchange$, text, userProperty, type OutgoingMessage } from '@antiphon/core'
import { config } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { accept, observe, publishedBy, responseTo, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Advances time until a request is sent twice, then accepts it at a responder. */
function acceptSecondAttempt(world: World, published: readonly PublishedMessage[]): OutgoingMessage {
  world.advance(300)
  expect(published.map(({ message }) => message.topic)).toEqual(['echo', 'echo'])
  const request = published[0]?.message
  accept(world, request, 'control/a')
  return request as OutgoingMessage
}

const retry = { count: 1, attemptTimeout: 200 }

/** Returns the topics of the cancels. */
const cancelsIn = (published: readonly PublishedMessage[]): readonly string[] =>
  published
    .filter(({ message }) => userProperty(message.userProperties, '__ctl') === 'cancel')
    .map(({ message }) => message.topic)

afterEach(() => {
  config.onUnhandledError = null
})

describe('the cancel of a request', () => {
  it('is sent once to a responder that accepts the request twice', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(20)
      const request = published[0]?.message
      for (let count = 0; count < 2; count++) accept(world, request, 'control/a')
      call.unsubscribe()
      world.advance(20)
      // An acceptance that was on its way.
      accept(world, request, 'control/a')
      expect(cancelsIn(published)).toEqual(['control/a'])
    })
  })

  it('is sent to a second responder as well that accepts a repeated request later', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { retry, timeout: 5_000 }))
      const request = acceptSecondAttempt(world, published)
      call.unsubscribe()
      world.advance(20)
      accept(world, request, 'control/b')
      expect(cancelsIn(published)).toEqual(['control/a', 'control/b'])
    })
  })

  it('is not sent to the only responder that has accepted a repeated request once it has responded', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { retry, timeout: 5_000 }))
      const request = acceptSecondAttempt(world, published)
      world.broker.publish(responseTo(request, 'y'))
      world.advance(20)
      expect(call.values).toEqual(['y'])
      expect(cancelsIn(published)).toEqual([])
    })
  })

  it.each(['before', 'after'])(
    'is reported nowhere if it is too large to send, %s the acceptance of the request',
    (when) => {
      inWorld(
        (world) => {
          const errors: unknown[] = []
          config.onUnhandledError = (error) => errors.push(error)
          const published = publishedBy(world, 'requester')
          const requester = world.link('requester')
          const incidents = observe(world, requester.incidents$)
          const call = observe(world, exchange$(requester, echo, 'x'))
          world.advance(20)
          if (when === 'before') call.unsubscribe()
          accept(world, published[0]?.message, `control/${'a'.repeat(200)}`)
          call.unsubscribe()
          world.advance(20)
          expect(published).toHaveLength(1)
          expect([errors, incidents.values]).toEqual([[], []])
        },
        { limits: { maximumPacketSize: 200 } },
      )
    },
  )
})

describe('the retry of a request whose responder has accepted it', () => {
  it('goes to the request topic alone once the responder has left one without an acceptance', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const options = { timeout: 10_000, retry: { count: 3, attemptTimeout: 400 } }
      observe(world, exchange$(world.link('requester'), echo, 'x', options))
      world.advance(20)
      accept(world, published[0]?.message, 'control/a')
      world.advance(5_000)
      const topics = published.map(({ message }) => message.topic)
      expect(topics).toEqual(['echo', 'control/a', 'echo', 'echo', 'echo'])
    })
  })
})
