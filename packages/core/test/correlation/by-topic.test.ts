import {
  endpoint,
  exchange$,
  inOrder,
  requests$,
  serve,
  unmatchedResponses$,
  text,
  topicParams,
  type Correlation,
  type Endpoint,
} from '@antiphon/core'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, observe, publishedBy, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'

const byTopic = endpoint({
  topic: 'req/{device}/{id}',
  responseTopic: 'res/{device}/{id}',
  responseFilter: 'res/{device}/#',
  request: text,
  response: text,
  correlation: topicParams(),
})
const commands = endpoint({
  topic: '{device}/cmd',
  responseTopic: '{device}/rsp',
  request: text,
  response: text,
  correlation: inOrder(),
})

/** A request whose topic has a number that the library counts, as remote calls of IoT platforms have it. */
const numberedContract = {
  topic: 'v1/devices/{device}/rpc/request/{id}',
  responseTopic: 'v1/devices/{device}/rpc/response/{id}',
  responseFilter: 'v1/devices/{device}/rpc/response/+',
  request: text,
  response: text,
} as const
const numbered = endpoint({ ...numberedContract, correlation: topicParams({ id: 'number' }) })

describe('topicParams that creates parameters', () => {
  it('takes the parameters of the response topic from the request if it creates all of the request topic', () => {
    inWorld((world) => {
      const sited = endpoint({
        topic: 'rpc/request/{id}',
        responseTopic: 'rpc/{site}/response/{id}',
        request: text,
        response: text,
        correlation: topicParams({ id: 'number' }),
      })
      const sent = publishedBy(world, 'requester')
      const call = observe(
        world,
        exchange$(world.link('requester'), sited, { params: { site: 'north' }, value: 'x' }),
      )
      world.advance(20)
      expect(sent.map(({ message }) => [message.topic, textOf(message)])).toEqual([['rpc/request/1', 'x']])
      world.broker.publish({ topic: 'rpc/north/response/1', payload: bytesOf('y') })
      world.advance(20)
      expect(call.values).toEqual(['y'])
    })
  })

  it('counts requests, one subscription for all', () => {
    inWorld((world) => {
      const subscribed: string[] = []
      world.broker.subscriptions$.subscribe(({ filter }) => subscribed.push(filter))
      const sent = publishedBy(world, 'requester')
      const link = world.link('requester')
      const calls = ['a', 'b'].map((value) =>
        observe(world, exchange$(link, numbered, { params: { device: 'd' }, value })),
      )
      world.advance(20)
      const topics = sent.map(({ message }) => message.topic)
      expect(topics).toEqual([1, 2].map((id) => `v1/devices/d/rpc/request/${id}`))
      expect(subscribed).toEqual(['v1/devices/d/rpc/response/+'])
      world.broker.publish({ topic: 'v1/devices/d/rpc/response/2', payload: bytesOf('second') })
      world.advance(20)
      expect(calls.map(({ values }) => values)).toEqual([[], ['second']])
    })
  })

  it('keeps the value for all attempts of a request', () => {
    inWorld((world) => {
      const sent = publishedBy(world, 'requester')
      const retry = { count: 2 }
      const request = { params: { device: 'd' }, value: 'x' }
      observe(world, exchange$(world.link('requester'), numbered, request, { timeout: 300, retry }))
      world.advance(400)
      expect(sent).toHaveLength(3)
      expect(new Set(sent.map(({ message }) => message.topic)).size).toBe(1)
    })
  })

  it('takes the request itself as argument if it creates all parameters', () => {
    inWorld((world) => {
      const created = endpoint({
        topic: 'rpc/{id}',
        responseTopic: 'rpc/{id}/result',
        request: text,
        response: text,
        correlation: topicParams({ id: 'uuid' }),
      })
      const sent = publishedBy(world, 'requester')
      observe(world, exchange$(world.link('requester'), created, 'x'))
      world.advance(20)
      expect(sent[0]?.message.topic).toMatch(/^rpc\/[0-9a-f-]{36}$/)
    })
  })

  it('creates a parameter of the response topic alone, from the parameters that were passed', () => {
    inWorld((world) => {
      const created = endpoint({
        topic: 'jobs/{device}',
        responseTopic: 'results/{result}',
        request: text,
        response: text,
        correlation: topicParams({ result: ({ device }) => `of-${String(device)}` }),
      })
      const sent = publishedBy(world, 'requester')
      const request = { params: { device: 'd' }, value: 'x' }
      observe(world, exchange$(world.link('requester'), created, request))
      world.advance(20)
      expect(world.broker.subscriptions().map(({ filter }) => filter)).toEqual(['results/of-d'])
      expect(sent).toHaveLength(1)
    })
  })

  it.each([
    ['', 'the token is : it must be a whole number, or text that is not empty'],
    [1.5, 'the token is 1.5: it must be a whole number, or text that is not empty'],
    ['a/b', 'cannot fill topic template'],
  ])('fails a request whose value would be %o', (token, message) => {
    inWorld((world) => {
      const invalid = endpoint({ ...numberedContract, correlation: topicParams({ id: () => token }) })
      const request = { params: { device: 'd' }, value: 'x' }
      const call = observe(world, exchange$(world.link('requester'), invalid, request))
      expect(call.ending()).toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      })
    })
  })

  it('is refused with an unknown source, or a parameter that no topic has', () => {
    expect(() => topicParams({ id: 'counter' as never })).toThrow(
      'created.id is "counter": it must be uuid or number or a function',
    )
    const contract = {
      topic: 'a/{ident}',
      request: text,
      response: text,
      correlation: topicParams({ idnt: 'uuid' }),
    }
    expect(() => endpoint(contract)).toThrow(
      'topicParams creates {idnt}, which no topic of the endpoint has: did you mean ident?',
    )
  })
})

describe.each([4, 5] as const)('topicParams over protocol version %d', (protocolVersion) => {
  it('matches responses in any order by response topic', () => {
    inWorld((world) => {
      requests$(world.link('device', { protocolVersion }), byTopic, { params: { device: 'd' } })
        .pipe(serve(({ value, params }) => of(`${params.id}: ${value}`).pipe(delay(Number(value)))))
        .subscribe()
      world.advance(50)
      const requester = world.link('requester', { protocolVersion })
      const calls = ['300', '100', '200'].map((value, id) =>
        observe(world, exchange$(requester, byTopic, { params: { device: 'd', id: String(id) }, value })),
      )
      world.advance(1_000)
      expect(calls.map(({ values }) => values)).toEqual([['0: 300'], ['1: 100'], ['2: 200']])
    })
  })

  it('rejects a second pending request on one response topic, and accepts it after the first has settled', () => {
    inWorld((world) => {
      const requester = world.link('requester', { protocolVersion })
      const request = { params: { device: 'd', id: '1' }, value: 'x' }
      const first = observe(world, exchange$(requester, byTopic, request))
      const second = observe(world, exchange$(requester, byTopic, request))
      world.advance(20)
      expect(second.ending()).toMatchObject({ code: 'invalid-argument', topic: 'req/d/1' })
      world.broker.publish({ topic: 'res/d/1', payload: bytesOf('first') })
      world.advance(20)
      const third = observe(world, exchange$(requester, byTopic, request))
      world.advance(20)
      world.broker.publish({ topic: 'res/d/1', payload: bytesOf('third') })
      world.advance(20)
      expect([first.values, third.values]).toEqual([['first'], ['third']])
    })
  })

  it('adds no correlation to payload or properties with topicParams', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester', { protocolVersion })
      observe(world, exchange$(requester, byTopic, { params: { device: 'd', id: '1' }, value: 'x' }))
      world.advance(20)
      const [request] = published.map(({ message }) => message)
      expect(textOf(request ?? { payload: bytesOf('') })).toBe('x')
      expect(request).not.toHaveProperty('correlationData')
      expect(request).not.toHaveProperty('responseTopic')
    })
  })

  it('emits responses on other topics on unmatchedResponses$', () => {
    inWorld((world) => {
      const requester = world.link('requester', { protocolVersion })
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(
        world,
        exchange$(requester, byTopic, { params: { device: 'd', id: '1' }, value: 'x' }),
      )
      world.advance(20)
      for (const topic of ['res/d/2', 'res/d/1/more']) world.broker.publish({ topic, payload: bytesOf('no') })
      world.advance(20)
      expect([unmatched.values.length, call.values.length]).toEqual([2, 0])
    })
  })
})

describe.each([4, 5] as const)('inOrder over protocol version %d', (protocolVersion) => {
  it('matches the first response to the oldest request on its response topic', () => {
    inWorld((world) => {
      const requester = world.link('requester', { protocolVersion })
      const calls = ['a', 'b', 'c'].map((value) =>
        observe(world, exchange$(requester, commands, { params: { device: 'd' }, value })),
      )
      const other = observe(world, exchange$(requester, commands, { params: { device: 'e' }, value: 'x' }))
      world.advance(20)
      for (const payload of ['1', '2', '3'])
        world.broker.publish({ topic: 'd/rsp', payload: bytesOf(payload) })
      world.broker.publish({ topic: 'e/rsp', payload: bytesOf('4') })
      world.advance(20)
      expect(calls.map(({ values }) => values)).toEqual([['1'], ['2'], ['3']])
      expect(other.values).toEqual(['4'])
    })
  })

  it('removes a request that timed out or was cancelled from the order', () => {
    inWorld((world) => {
      const requester = world.link('requester', { protocolVersion })
      const sendRequest = (timeout: number): ReturnType<typeof observe<string>> =>
        observe(world, exchange$(requester, commands, { params: { device: 'd' }, value: 'x' }, { timeout }))
      const [timedOut, cancelled, last] = [sendRequest(100), sendRequest(5_000), sendRequest(5_000)]
      world.advance(50)
      cancelled.unsubscribe()
      world.advance(100)
      world.broker.publish({ topic: 'd/rsp', payload: bytesOf('1') })
      world.advance(20)
      expect([timedOut.values, cancelled.values, last.values]).toEqual([[], [], ['1']])
    })
  })

  it('runs the handler for each request without a token, identical ones included', () => {
    inWorld((world) => {
      const responses = publishedBy(world, 'device')
      requests$(world.link('device', { protocolVersion }), commands)
        .pipe(serve(({ params, value }) => of(`${params.device} ${value}`)))
        .subscribe()
      world.advance(50)
      for (const device of ['d', 'e', 'd'])
        world.broker.publish({ topic: `${device}/cmd`, payload: bytesOf('go') })
      world.advance(50)
      const seen = responses.map(({ message }) => [message.topic, textOf(message)])
      expect(seen).toEqual([
        ['d/rsp', 'd go'],
        ['e/rsp', 'e go'],
        ['d/rsp', 'd go'],
      ])
    })
  })
})

describe('inOrder beside other requests on its response topic', () => {
  const endpointOn = (topic: string, correlation?: Correlation): Endpoint =>
    endpoint({
      topic,
      responseTopic: 'shared/rsp',
      request: text,
      response: text,
      ...(correlation && { correlation }),
    })

  it('matches responses in the order of the requests of all endpoints', () => {
    inWorld((world) => {
      const requester = world.link('requester')
      const endpoints = [endpointOn('a', inOrder()), endpointOn('b', inOrder())]
      const calls = [0, 1, 1, 0].map((index) =>
        observe(world, exchange$(requester, endpoints[index] ?? endpointOn('c'), 'x')),
      )
      world.advance(20)
      for (const payload of ['1', '2', '3', '4'])
        world.broker.publish({ topic: 'shared/rsp', payload: bytesOf(payload) })
      world.advance(20)
      expect(calls.map(({ values }) => values)).toEqual([['1'], ['2'], ['3'], ['4']])
    })
  })

  it('leaves responses with Correlation Data to the requests that sent it', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const ordered = observe(world, exchange$(requester, endpointOn('a', inOrder()), 'x'))
      const late = observe(world, exchange$(requester, endpointOn('b'), 'x', { timeout: 50 }))
      const tokened = observe(world, exchange$(requester, endpointOn('b'), 'x'))
      world.advance(100)
      expect(late.ending()).toMatchObject({ code: 'timeout' })
      const [, second, third] = published.map(({ message }) => message)
      for (const [request, payload] of [
        [second, 'late'],
        [third, 'with token'],
      ] as const)
        world.broker.publish({
          topic: 'shared/rsp',
          payload: bytesOf(payload),
          ...(request?.correlationData && { correlationData: request.correlationData }),
        })
      world.broker.publish({ topic: 'shared/rsp', payload: bytesOf('without token') })
      world.advance(20)
      expect([ordered.values, tokened.values]).toEqual([['without token'], ['with token']])
      expect(unmatched.values.map(({ message }) => textOf(message))).toEqual(['late'])
    })
  })
})

describe('a responder whose requests have their token in the topic', () => {
  /** Serves with a handler that takes this many milliseconds, and returns what it has handled and published. */
  const serveFor = (world: World, milliseconds: number) => {
    const responses = publishedBy(world, 'responder')
    let handled = 0
    requests$(world.link('responder', { clean: false, sessionExpiryInterval: 60 }), byTopic)
      .pipe(
        serve(() => {
          const response$ = of(`response ${++handled}`)
          return milliseconds === 0 ? response$ : response$.pipe(delay(milliseconds, world.broker.scheduler))
        }),
      )
      .subscribe()
    world.advance(20)
    return () => ({ handled, responses: responses.map(({ message }) => textOf(message)) })
  }
  const request = { topic: 'req/d/1', payload: bytesOf('toggle') }

  it('handles a request once that arrives again while its handler runs', () => {
    inWorld((world) => {
      const observed = serveFor(world, 10)
      for (let times = 0; times < 2; times++) world.broker.publish(request)
      world.advance(50)
      expect(observed()).toEqual({ handled: 1, responses: ['response 1'] })
    })
  })

  it('sends the response again to a request that the broker delivers again after it was answered', () => {
    inWorld((world) => {
      const observed = serveFor(world, 0)
      world.broker.inject({
        kind: 'drop',
        packets: ['puback'],
        direction: 'from-client',
        clientId: 'responder',
      })
      world.broker.publish(request)
      world.advance(50)
      world.broker.disconnect('responder')
      world.advance(500)
      expect(observed()).toEqual({ handled: 1, responses: ['response 1', 'response 1'] })
    })
  })

  it('handles an equal request with the same token, once the first one was answered', () => {
    inWorld((world) => {
      const observed = serveFor(world, 0)
      for (let times = 0; times < 2; times++) {
        world.broker.publish(request)
        world.advance(20)
      }
      expect(observed()).toEqual({ handled: 2, responses: ['response 1', 'response 2'] })
    })
  })
})
