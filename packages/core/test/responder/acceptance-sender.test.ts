import { endpoint, requests$, serve, text, type Incident, type UserProperties } from '@antiphon/core'
import { delay, NEVER, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, statusOf } from '../observed.js'
import { inWorld } from '../world.js'
import { echo, requestProperties, withEchoResponder, withResponder } from './with-responder.js'

const firstAttempt: UserProperties = [['__ctl', '1']]
const many = endpoint({ topic: 'echo', request: text, response: text, responses: 'many' })
const acceptance: UserProperties = [
  ['__stat', '202'],
  ['__ctlTopic', 'control/server'],
]
const lazily = { controlTopic: undefined } as unknown as { readonly group?: string }

describe('the control topic of a responder', () => {
  it.each<[when: string, controlTopic: string | undefined]>([
    ['in the options', 'control'],
    ['by default', undefined],
  ])('is reported as refused on incidents$ when the broker refuses it %s', (_, controlTopic) => {
    inWorld((world) => {
      const topic = controlTopic ?? 'control/server'
      world.broker.refuseSubscribe(topic, 0x87)
      const link = world.link('server')
      const incidents: Incident[] = []
      link.incidents$.subscribe((incident) => incidents.push(incident))
      const options = controlTopic === undefined ? {} : { controlTopic }
      observe(world, requests$(link, echo, options).pipe(serve(() => NEVER)))
      world.advance(50)
      for (const token of ['a', 'b']) {
        const correlationData = bytesOf(token)
        const userProperties = firstAttempt
        world.broker.publish({
          topic: 'echo',
          payload: bytesOf('x'),
          ...requestProperties,
          correlationData,
          userProperties,
        })
      }
      world.advance(500)
      expect(incidents).toMatchObject([{ kind: 'refused', error: { code: 'subscribe-refused', topic } }])
    })
  })

  it('is not reported when the link ends before it is subscribed', () => {
    inWorld((world) => {
      const link = world.link('server')
      const incidents: Incident[] = []
      link.incidents$.subscribe((incident) => incidents.push(incident))
      observe(world, requests$(link, echo, { controlTopic: 'control' }).pipe(serve(() => NEVER)))
      world.advance(3)
      world.broker.disconnect('server', { reasonCode: 0x8e })
      world.advance(50)
      expect(incidents).toEqual([])
    })
  })
})

describe('the acceptance of a request', () => {
  it('names the control topic once a request has been in hand for 100 ms', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        const since = world.scheduler.now()
        sendRequest('x', { userProperties: firstAttempt })
        world.advance(1_000)
        expect(responses.map(({ message }) => message.userProperties)).toEqual([
          acceptance,
          [['__stat', '200']],
        ])
        const [accepted] = responses
        expect(accepted?.message).toMatchObject({ topic: 'responses', payload: new Uint8Array(), qos: 1 })
        expect((accepted?.at ?? NaN) - since).toBeGreaterThanOrEqual(100)
        expect((accepted?.at ?? NaN) - since).toBeLessThan(110)
      },
      { requests: lazily, handler: () => of('done').pipe(delay(500)) },
    )
  })

  it('sends nothing, and subscribes to no control topic, for a request that ends within 100 ms', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('x', { userProperties: firstAttempt })
        world.advance(1_000)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([200])
        expect(world.broker.subscriptions().map(({ filter }) => filter)).toEqual(['echo'])
      },
      { requests: lazily, handler: () => of('done').pipe(delay(90)) },
    )
  })

  it('accepts a request of a group at once, unless its handler responds synchronously', () => {
    withEchoResponder(
      ({ sendRequest, world, responses }) => {
        sendRequest('now', { userProperties: firstAttempt, correlationData: bytesOf('1') })
        world.advance(10)
        sendRequest('later', { userProperties: firstAttempt, correlationData: bytesOf('2') })
        world.advance(50)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 202])
      },
      {
        requests: { ...lazily, group: 'workers' },
        handler: ({ value }) => (value === 'now' ? of('done') : NEVER),
      },
    )
  })

  it('names the control topic in the first item of a stream, and in no other', () => {
    withResponder({ endpoint: many, handler: () => ['a', 'b'] }, ({ sendRequest, world, responses }) => {
      sendRequest('x', { userProperties: firstAttempt })
      world.advance(500)
      const named = responses.map(({ message }) =>
        message.userProperties?.some(([name]) => name === '__ctlTopic'),
      )
      expect(named).toEqual([true, false, false])
    })
  })

  it('accepts a repeated request again', () => {
    withEchoResponder(
      ({ sendRequest, world, responses, handled }) => {
        sendRequest('x', { userProperties: firstAttempt })
        world.advance(200)
        sendRequest('x', { userProperties: [['__ctl', '2']] })
        world.advance(200)
        expect(responses.map(({ message }) => statusOf(message))).toEqual([202, 202])
        expect(handled).toHaveLength(1)
      },
      { handler: () => NEVER },
    )
  })

  it('repeats the responses of a request on a retry to the control topic, and stays silent about others', () => {
    withEchoResponder(({ sendRequest, sendControl, world, responses, handled }) => {
      sendRequest('x', { userProperties: firstAttempt })
      world.advance(50)
      sendControl([['__ctl', 'retry']])
      sendControl([['__ctl', 'retry']], { correlationData: bytesOf('unknown') })
      world.advance(50)
      expect(responses.map(({ message }) => statusOf(message))).toEqual([200, 200])
      expect(handled).toHaveLength(1)
    })
  })

  it.each(['controlTopic: false', "cancel: 'local'"])('names no control topic with %s', (option) => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      const local = endpoint({ topic: 'echo', request: text, response: text, cancel: 'local' })
      const options = {
        group: 'workers',
        ...(option.startsWith('controlTopic') && { controlTopic: false as const }),
      }
      const served$ = option.startsWith('cancel')
        ? requests$(world.link('server'), local, options)
        : requests$(world.link('server'), endpoint({ topic: 'echo', request: text, response: text }), options)
      observe(world, served$.pipe(serve(() => NEVER)))
      world.advance(50)
      world.broker.publish({
        topic: 'echo',
        payload: bytesOf('x'),
        ...requestProperties,
        userProperties: firstAttempt,
      })
      world.advance(1_000)
      expect(responses).toEqual([])
    })
  })

  it('ignores an exchange control message on the request topic', () => {
    withEchoResponder(
      ({ sendRequest, world, handled, ignored }) => {
        sendRequest('x')
        sendRequest('', { userProperties: [['__ctl', 'cancel']] })
        world.advance(50)
        expect(handled).toHaveLength(1)
        expect(ignored).toMatchObject([{ reason: 'invalid' }])
      },
      { handler: () => NEVER },
    )
  })

  it('shares one control subscription among the responders of a link until the last one ends', () => {
    inWorld((world) => {
      const link = world.link('server')
      const filters = (): readonly string[] => world.broker.subscriptions().map(({ filter }) => filter)
      const responders = ['a', 'b'].map((topic) =>
        requests$(link, endpoint({ topic, request: text, response: text }), { controlTopic: 'control' })
          .pipe(serve(() => NEVER))
          .subscribe(),
      )
      world.advance(50)
      expect(filters()).toEqual(['control', 'a', 'b'])
      responders[0]?.unsubscribe()
      world.advance(50)
      expect(filters()).toEqual(['control', 'b'])
      responders[1]?.unsubscribe()
      world.advance(50)
      expect(filters()).toEqual([])
    })
  })
})
