import {
  endpoint,
  requests$,
  serve,
  text,
  userProperty,
  type Endpoint,
  type EndpointTypes,
  type Link,
  type OutgoingMessage,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { concat, config, delay, NEVER, of, take, type VirtualTimeScheduler } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { contextOf } from '../../src/responder/received-request.js'
import { bytesOf, observe, publishedBy, statusOf } from '../observed.js'
import { synchronousLink } from '../synchronous-link.js'
import { inWorld } from '../world.js'
import { echo, requestProperties, withEchoResponder } from './with-responder.js'

const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
const local = endpoint({ topic: 'echo', request: text, response: text, responses: 'many', cancel: 'local' })
const upload = requestStreamEndpoint({ topic: 'echo', request: text, response: text })
const notifications = endpoint({ topic: 'echo', request: text, response: text, acceptsNotifications: true })

/** Returns a request to `echo` with a value of the User Property `__ctl`. */
function requestOf(token: string, control: string, credit?: string): OutgoingMessage {
  const properties = [['__ctl', control] as const]
  return {
    topic: 'echo',
    payload: new Uint8Array(),
    ...requestProperties,
    correlationData: bytesOf(token),
    userProperties: credit === undefined ? properties : [...properties, ['__credit', credit]],
  }
}

/** Runs what a synchronous link has scheduled. */
function passTime({ scheduler }: Pick<Link, 'scheduler'>): void {
  const virtual = scheduler as VirtualTimeScheduler
  virtual.maxFrames = 1_000
  virtual.flush()
}

afterEach(() => {
  config.onUnhandledError = null
})

describe('a responder without a control topic', () => {
  const none = 'it has no control topic'
  const refused = 'its control topic is refused'

  it.each<[needs: string, option: string, served: Endpoint<EndpointTypes>, name: string, cause: string]>([
    ['credit', 'controlTopic: false', many, '__credit', none],
    ['credit', "cancel: 'local'", local, '__credit', none],
    ['credit', 'a topic that the broker refuses', many, '__credit', refused],
    ['items', 'controlTopic: false', upload, '__ctl', none],
    ['items', 'a topic that the broker refuses', upload, '__ctl', refused],
  ])('answers 400 to each request with %s if it has %s', (needs, option, served, name, cause) => {
    inWorld((world) => {
      world.broker.refuseSubscribe('control/server', 0x87)
      const responses = publishedBy(world, 'server')
      const options = option === 'controlTopic: false' ? { controlTopic: false as const } : {}
      observe(world, requests$(world.link('server'), served, options).pipe(serve(() => NEVER)))
      world.advance(50)
      // The broker refuses the topic while the first request is handled, and before the second one arrives.
      for (const token of ['1', '2']) {
        world.broker.publish(needs === 'items' ? requestOf(token, 'open') : requestOf(token, '1', '5'))
        world.advance(500)
      }
      const message = `the responder cannot receive ${needs}: ${cause}`
      const expected = { __stat: '400', __stMsg: message, __propName: name }
      expect(responses.map(({ message }) => Object.fromEntries(message.userProperties ?? []))).toMatchObject([
        expected,
        expected,
      ])
    })
  })

  it('handles requests without credit if the broker refuses the topic', () => {
    inWorld((world) => {
      world.broker.refuseSubscribe('control/server', 0x87)
      const responses = publishedBy(world, 'server')
      const handler = () => of('done').pipe(delay(300))
      observe(world, requests$(world.link('server'), echo, { group: 'workers' }).pipe(serve(handler)))
      world.advance(50)
      for (const token of ['1', '2']) {
        world.broker.publish(requestOf(token, '1'))
        world.advance(500)
      }
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 200])
    })
  })
})

describe('a responder that is unsubscribed while a handler runs', () => {
  it.each<[when: string, options: { readonly controlTopic?: string }]>([
    ['of the options', { controlTopic: 'control' }],
    ['by default', {}],
  ])('neither names nor subscribes to the control topic %s', (_, options) => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      const served$ = requests$(world.link('server'), many, { ...options, group: 'workers' })
      const handler = () => concat(of('a').pipe(delay(300)), NEVER)
      observe(world, served$.pipe(take(1), serve(handler)))
      world.advance(50)
      world.broker.publish(requestOf('1', '1'))
      world.advance(500)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
      expect(userProperty(responses[0]?.message.userProperties, '__ctlTopic')).toBeUndefined()
      expect(world.broker.subscriptions()).toEqual([])
    })
  })
})

describe('the acceptance of a request that takes long', () => {
  const never = { handler: () => NEVER }

  it('is sent 100 ms after the receipt of each request', () => {
    withEchoResponder(({ sendRequest, world, responses, handled }) => {
      for (const token of ['1', '2', '3']) {
        sendRequest('x', { userProperties: [['__ctl', '1']], correlationData: bytesOf(token) })
        world.advance(40)
      }
      world.advance(1_000)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([202, 202, 202])
      // The broker receives each one a millisecond after it was sent.
      expect(responses.map(({ at }) => at)).toEqual(handled.map(({ receivedAt }) => receivedAt + 101))
    }, never)
  })

  it('names a control topic that another responder of the link has subscribed to', () => {
    inWorld((world) => {
      const link = world.link('server')
      const responses = publishedBy(world, 'server')
      for (const topic of ['a', 'echo']) {
        const served = endpoint({ topic, request: text, response: text })
        observe(world, requests$(link, served).pipe(serve(() => NEVER)))
      }
      world.advance(50)
      for (const topic of ['a', 'echo']) {
        world.broker.publish({ ...requestOf(topic, '1'), topic })
        world.advance(200)
      }
      const topics = responses.map(({ message }) => userProperty(message.userProperties, '__ctlTopic'))
      expect(topics).toEqual(['control/server', 'control/server'])
    })
  })

  it('is not sent for a notification', () => {
    const published: OutgoingMessage[] = []
    const link = synchronousLink((message, deliver) => {
      published.push(message)
      deliver(message)
    })
    const handled = requests$(link, notifications).pipe(serve(() => NEVER))
    handled.subscribe()
    const { responseTopic: _, ...notification } = requestOf('1', '1')
    link.publish$(notification).subscribe()
    passTime(link)
    expect(published).toEqual([notification])
  })

  it('does not fail the responder if the broker refuses it', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        const errors: unknown[] = []
        config.onUnhandledError = (error) => errors.push(error)
        const refuses = world.broker.refusePublish('responses', 0x87)
        sendRequest('x', { userProperties: [['__ctl', '1']] })
        world.advance(200)
        refuses()
        world.advance(500)
        expect(responses.map(({ message, reasonCode }) => [statusOf(message), reasonCode])).toEqual([
          [202, 0x87],
          [200, 0x10],
        ])
        expect(errors).toEqual([])
      },
      { handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('is no longer scheduled for a request that has ended', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, handled }) => {
        sendRequest('x', { userProperties: [['__ctl', '1']] })
        world.advance(50)
        expect(responses).toHaveLength(1)
        expect(handled.map((request) => contextOf(request).queue)).toEqual([undefined])
      },
      { handler: () => of('done').pipe(delay(20)) },
    )
  })

  it('needs no control topic before the link is online', () => {
    const link = {
      ...synchronousLink((message, deliver) => deliver(message)),
      state$: NEVER,
    }
    requests$(link, echo)
      .pipe(serve(() => NEVER))
      .subscribe()
    link.publish$(requestOf('1', '1')).subscribe()
    passTime(link)
    expect(link.subscribed()).toBe(1)
  })
})
