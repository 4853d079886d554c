import { endpoint, exchange$, text, userProperty } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import {
  accept,
  observe,
  publishedBy,
  responseTo,
  type Observed,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

interface Fixture {
  readonly world: World
  readonly call: Observed<string>
  readonly published: readonly PublishedMessage[]
  /** Returns the topic and the kind of each message after the first request. */
  readonly sent: () => readonly string[]
}

/** Starts a request with retries after 200 ms, to a responder that the test plays. */
function withRequest(test: (fixture: Fixture) => void): void {
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const retry = { count: 5, attemptTimeout: 200 }
    const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 5_000, retry }))
    world.advance(10)
    const sent = (): readonly string[] =>
      published
        .slice(1)
        .map(({ message }) => `${message.topic} ${userProperty(message.userProperties, '__ctl') ?? ''}`)
    test({ world, call, published, sent })
  })
}

describe('a request that a responder has accepted', () => {
  it('is not cancelled at the only responder that has accepted it, however often it was sent', () => {
    withRequest(({ world, call, published, sent }) => {
      const request = published[0]?.message
      accept(world, request)
      world.advance(350)
      accept(world, request)
      world.broker.publish(responseTo(request ?? { topic: '', payload: new Uint8Array() }, 'done'))
      world.advance(10)
      expect(call.values).toEqual(['done'])
      expect(sent()).toEqual(['control/server retry', 'echo 2'])
    })
  })

  it('is published for other responders on each retry once that responder is silent', () => {
    withRequest(({ world, published, sent }) => {
      accept(world, published[0]?.message)
      world.advance(1_000)
      expect(sent().filter((text) => text.endsWith(' retry'))).toHaveLength(1)
      expect(sent().filter((text) => text.startsWith('echo '))).not.toHaveLength(0)
    })
  })

  it('sends one cancel when a request that was sent once is unsubscribed after its acceptance', () => {
    withRequest(({ world, call, published, sent }) => {
      accept(world, published[0]?.message)
      call.unsubscribe()
      world.advance(10)
      accept(world, published[0]?.message, 'control/other')
      world.advance(10)
      expect(sent()).toEqual(['control/server cancel'])
    })
  })

  it('sends a cancel also to a responder that accepts a retried request after it was unsubscribed', () => {
    withRequest(({ world, call, published, sent }) => {
      accept(world, published[0]?.message)
      world.advance(350)
      call.unsubscribe()
      world.advance(10)
      accept(world, published[0]?.message, 'control/other')
      world.advance(10)
      expect(sent()).toEqual([
        'control/server retry',
        'echo 2',
        'control/server cancel',
        'control/other cancel',
      ])
    })
  })
})
