import {
  AntiphonError,
  requesterStats,
  endpoint,
  exchange$,
  request,
  request$,
  requests$,
  serve,
  unmatchedResponses$,
  text,
  topicParams,
  type Link,
} from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { faultScript } from '@antiphon/testing'
import { EMPTY, from, NEVER, Observable, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  accept,
  respondOn,
  bytesOf,
  observe,
  publishedBy,
  responseTo,
  textOf,
  type PublishedMessage,
} from '../observed.js'
import { manualPeer } from '../synchronous-link.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** Publishes a response to the first of the published messages. */
function respondTo({ broker }: World, [first]: readonly PublishedMessage[], payload = 'response'): void {
  if (first === undefined) throw new Error('no request was published')
  broker.publish(responseTo(first.message, payload))
}

describe('acquiring the response subscription', () => {
  it('sends one SUBSCRIBE for N concurrent requests', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
      world.advance(50)
      const before = world.broker.counts().packets.subscribe ?? 0
      const requests = Array.from({ length: 1_000 }, (_, index) => String(index))
      const responses = observe(world, from(requests).pipe(request$(world.link('requester'), echo)))
      world.advance(100)
      expect(responses.values).toEqual(requests)
      expect(responses.ending()).toBe('complete')
      expect(world.broker.counts().packets.subscribe).toBe(before + 1)
    })
  })

  it('reuses the response subscription, and unsubscribes a while after the last request', () => {
    inWorld((world) => {
      const changes: (readonly [string, number])[] = []
      world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
        if (clientId === 'requester') changes.push([kind, world.scheduler.now()])
      })
      respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
      world.advance(50)
      const requester = world.link('requester')
      const sendRequest = (): void => void exchange$(requester, echo, 'x').subscribe()
      sendRequest()
      world.advance(20_000)
      sendRequest()
      world.advance(100_000)
      const [, released] = changes
      expect(changes.map(([kind]) => kind)).toEqual(['subscribed', 'unsubscribed'])
      expect(released?.[1]).toBeGreaterThan(20_050 + 10_000)
      expect(released?.[1]).toBeLessThan(20_050 + 60_000)
    })
  })

  it('subscribes again only after UNSUBACK while the UNSUBSCRIBE is in flight', () => {
    inWorld(
      (world) => {
        const order: string[] = []
        world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
          if (clientId === 'requester') order.push(kind)
        })
        world.broker.published$.subscribe(({ clientId, message }) => {
          if (clientId === 'requester') order.push(`published ${textOf(message)}`)
        })
        respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
        world.advance(1_000)
        const requester = world.link('requester')
        const first = observe(world, exchange$(requester, echo, '1'))
        world.advance(1_000)
        let responses: string[] = []
        world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
          // The broker has received the UNSUBSCRIBE, and the UNSUBACK is in flight.
          if (clientId !== 'requester' || kind !== 'unsubscribed') return
          exchange$(requester, echo, '2').subscribe((response) => (responses = [...responses, response]))
        })
        world.advance(40_000)
        expect(first.values).toEqual(['1'])
        expect(responses).toEqual(['2'])
        expect(order.slice(0, 5)).toEqual([
          'subscribed',
          'published 1',
          'unsubscribed',
          'subscribed',
          'published 2',
        ])
      },
      { latency: 20 },
    )
  })

  it('fails a request at once on a SUBACK of 0x80 or more', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      world.broker.refuseSubscribe('response/requester', 0x87)
      const requester = world.link('requester')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(10)
      expect(call.ending()).toMatchObject({ code: 'subscribe-refused', reasonCode: 0x87, endpoint: 'echo' })
      expect(published).toEqual([])
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('subscribes again with the next request after a refused SUBACK', () => {
    inWorld((world) => {
      const allow = world.broker.refuseSubscribe('response/requester', 0x87)
      respondOn(world, 'echo', (request) => [responseTo(request, 'yes')])
      const requester = world.link('requester')
      observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      allow()
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(call.values).toEqual(['yes'])
    })
  })
})

describe('the queue of the link before the response subscription is acknowledged', () => {
  it.each(['CONNACK', 'SUBACK'])(
    'fails requests with overflow beyond the queue while %s is awaited',
    (awaited) => {
      inWorld((world) => {
        respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
        world.advance(50)
        world.broker.inject({
          kind: 'delay',
          by: 1_000,
          packets: [awaited === 'CONNACK' ? 'connack' : 'suback'],
          clientId: 'requester',
        })
        const requester = world.link('requester', { queue: { messages: 2, bytes: 10 } })
        const calls = ['1', '2', '3'].map((value) => observe(world, exchange$(requester, echo, value)))
        world.advance(100)
        expect(calls.map(({ ending }) => ending())).toEqual([
          undefined,
          undefined,
          expect.objectContaining({
            code: 'overflow',
            phase: 'before-network',
            endpoint: 'echo',
            rawMessage:
              'cannot send a request to echo: 2 requests wait for the connection or the response subscription (2 bytes); slow down, or raise queue.messages or queue.bytes',
          }),
        ])
        expect(requesterStats(requester, echo)).toMatchObject({ pending: 2, failed: 1 })
        world.advance(2_000)
        expect(calls.map(({ values }) => values)).toEqual([['1'], ['2'], []])
        const later = ['4', '5', '6'].map((value) => observe(world, exchange$(requester, echo, value)))
        world.advance(100)
        expect(later.map(({ values }) => values)).toEqual([['4'], ['5'], ['6']])
      })
    },
  )

  it('fails a request with overflow beyond the bytes of the queue, also behind a middleware', () => {
    inWorld((world) => {
      world.broker.down()
      const requester = linkMiddleware({})(world.link('requester', { queue: { messages: 9, bytes: 10 } }))
      const [fitting, excess] = ['123456', '78901'].map((value) =>
        observe(world, exchange$(requester, echo, value)),
      )
      expect(excess?.ending()).toMatchObject({ code: 'overflow' })
      fitting?.unsubscribe()
      const third = observe(world, exchange$(requester, echo, '78901'))
      world.advance(10)
      expect(third.ending()).toBeUndefined()
    })
  })
})

describe('the requests that wait for the connection', () => {
  /** Sends requests and returns the error codes of those that fail at once. */
  const outcomes = (
    world: World,
    requester: Link,
    to: typeof echo,
    ...values: readonly string[]
  ): readonly unknown[] => {
    const calls = values.map((value) => observe(world, exchange$(requester, to, value)))
    world.advance(10)
    return calls.map((call) => (call.ending() as AntiphonError | undefined)?.code)
  }

  it('may be as large together as the queue, to the byte', () => {
    inWorld((world) => {
      world.broker.down()
      const requester = world.link('requester', { queue: { messages: 9, bytes: 10 } })
      expect(outcomes(world, requester, echo, '12345', '67890', '1')).toEqual([
        undefined,
        undefined,
        'overflow',
      ])
    })
  })

  it('may be larger than the queue if there is only one', () => {
    inWorld((world) => {
      world.broker.down()
      const requester = world.link('requester', { queue: { messages: 9, bytes: 10 } })
      expect(outcomes(world, requester, echo, '12345678901', '1')).toEqual([undefined, 'overflow'])
    })
  })

  it('do not count any more once they were sent', () => {
    inWorld((world) => {
      const other = endpoint({ topic: 'echo', responseTopic: 'other', request: text, response: text })
      const requester = world.link('requester', { queue: { messages: 2, bytes: 10 } })
      world.broker.inject({ kind: 'delay', by: 1_000, packets: ['suback'], clientId: 'requester' })
      expect(outcomes(world, requester, echo, '12345', '12345', '1')).toEqual([
        undefined,
        undefined,
        'overflow',
      ])
      world.advance(2_000)
      world.broker.inject({ kind: 'delay', by: 1_000, packets: ['suback'], clientId: 'requester' })
      expect(outcomes(world, requester, other, '12345', '12345', '1')).toEqual([
        undefined,
        undefined,
        'overflow',
      ])
    })
  })
})

describe('publishing a request', () => {
  it('publishes a request only after SUBACK', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      world.broker.play([{ at: 0, fault: { kind: 'delay', by: 100, packets: ['suback'] } }])
      observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(200)
      // CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH.
      expect(published.map(({ at }) => at)).toEqual([105])
    })
  })

  it('accepts a response that arrives before the PUBACK', () => {
    inWorld((world) => {
      world.broker.play([{ at: 0, fault: { kind: 'reorder', by: 500, packets: ['puback'] } }])
      respondOn(world, 'echo', (request) => [responseTo(request, 'early')])
      world.advance(50)
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(100)
      expect(call.values).toEqual(['early'])
      expect(call.ending()).toBe('complete')
      world.flush()
      expect(world.broker.session('requester')?.unacknowledged).toEqual([])
    })
  })
})

describe('the acknowledgement of a request', () => {
  it('fails a request at once on a PUBACK of 0x80 or more', () => {
    inWorld((world) => {
      world.broker.refusePublish('echo', 0x87)
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(10)
      expect(call.ending()).toMatchObject({
        code: 'publish-refused',
        reasonCode: 0x87,
        topic: 'echo',
        phase: 'after-network',
      })
    })
  })

  it('fails a request at once with no-responder on a PUBACK of 0x10 and `failFast`', () => {
    inWorld((world) => {
      const requester = world.link('requester')
      const call = observe(world, exchange$(requester, echo, 'x', { failFast: true }))
      world.advance(20)
      expect(call.ending()).toMatchObject({
        code: 'no-responder',
        reasonCode: 0x10,
        topic: 'echo',
        rawMessage: expect.stringContaining('the broker reports no subscriber to echo') as string,
      })
      expect(call.endedAt()).toBe(6)
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('keeps a request pending on a PUBACK of 0x10 without `failFast`', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(20)
      expect(published.map(({ reasonCode }) => reasonCode)).toEqual([0x10])
      expect(call.ending()).toBeUndefined()
      respondTo(world, published)
      world.advance(20)
      expect(call.values).toEqual(['response'])
    })
  })

  it('ignores a PUBACK of 0x10 after the response, with `failFast`', () => {
    inWorld((world) => {
      world.broker.play([{ at: 0, fault: { kind: 'reorder', by: 500, packets: ['puback'] } }])
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { failFast: true }))
      world.advance(20)
      respondTo(world, published)
      world.advance(1_000)
      expect(call.values).toEqual(['response'])
      expect(call.ending()).toBe('complete')
    })
  })
})

describe('matching on response topic and correlation', () => {
  it.each(['late', 'unknown', 'duplicate'] as const)(
    'acknowledges a response that is %s, and emits it on unmatchedResponses$ only',
    (kind) => {
      inWorld((world) => {
        const published = publishedBy(world, 'requester')
        const requester = world.link('requester')
        const unmatched = observe(world, unmatchedResponses$(requester))
        const call = observe(world, exchange$(requester, echo, 'x', { timeout: 1_000 }))
        world.advance(10)
        if (kind === 'late') world.advance(2_000)
        if (kind === 'duplicate') respondTo(world, published, 'first')
        world.advance(10)
        if (kind === 'unknown') {
          const correlationData = bytesOf('00000000-0000-4000-8000-000000000000')
          world.broker.publish({ topic: 'response/requester', correlationData, payload: bytesOf('unknown') })
          world.broker.publish({ topic: 'response/requester', payload: bytesOf('no token at all') })
        } else respondTo(world, published, kind)
        world.advance(10)
        const seen = unmatched.values.map(({ message }) => textOf(message))
        expect(seen).toEqual(kind === 'unknown' ? ['unknown', 'no token at all'] : [kind])
        expect(call.values).toEqual(kind === 'duplicate' ? ['first'] : [])
        expect(world.broker.session('requester')?.unacknowledged).toEqual([])
      })
    },
  )

  it('emits a response once that the broker delivers again with DUP after a lost connection', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester', { clean: false, sessionExpiryInterval: 3_600 })
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(10)
      const stop = world.broker.inject({
        kind: 'drop',
        packets: ['puback'],
        direction: 'from-client',
        clientId: 'requester',
      })
      const [sent] = published
      if (sent !== undefined) world.broker.publish({ ...responseTo(sent.message, 'response'), qos: 1 })
      world.advance(10)
      stop()
      expect(call.values).toEqual(['response'])
      expect(world.broker.session('requester')?.unacknowledged).toHaveLength(1)
      world.broker.disconnect('requester', { session: 'keep' })
      world.advance(5_000)
      expect(call.values).toEqual(['response'])
      expect(unmatched.values.map(({ message }) => [textOf(message), message.dup])).toEqual([
        ['response', true],
      ])
      expect(world.broker.session('requester')?.unacknowledged).toEqual([])
    })
  })

  it('does not match the right correlation on another response topic', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const [own, other] = ['response/pool/1', 'response/pool/2'] as const
      const first = observe(world, exchange$(requester, echo, 'first', { responseTopic: own }))
      const second = observe(world, exchange$(requester, echo, 'second', { responseTopic: other }))
      world.advance(20)
      const request = published.find(({ message }) => message.responseTopic === own)
      if (request !== undefined) world.broker.publish(responseTo(request.message, 'no', { topic: other }))
      world.advance(20)
      expect([first.values, second.values, unmatched.values.length]).toEqual([[], [], 1])
      if (request !== undefined) world.broker.publish(responseTo(request.message, 'yes'))
      world.advance(20)
      expect([first.values, second.values]).toEqual([['yes'], []])
    })
  })

  it('acknowledges a retained message, and emits it on unmatchedResponses$ only', () => {
    inWorld((world) => {
      const byTopic = endpoint({
        topic: 'echo',
        responseTopic: 'response',
        request: text,
        response: text,
        correlation: topicParams(),
      })
      world.broker.publish({ topic: 'response', payload: bytesOf('old'), retain: true })
      const requester = world.link('requester')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(world, exchange$(requester, byTopic, 'x'))
      world.advance(20)
      expect(call.values).toEqual([])
      expect(unmatched.values.map(({ message }) => textOf(message))).toEqual(['old'])
      expect(world.broker.session('requester')?.unacknowledged).toEqual([])
      world.broker.publish({ topic: 'response', payload: bytesOf('new') })
      world.advance(20)
      expect(call.values).toEqual(['new'])
    })
  })

  it('treats a response as unmatched when a custom correlation throws', () => {
    inWorld((world) => {
      const throwing = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        responseTopic: 'response',
        correlation: {
          ...topicParams(),
          tokenOf: ({ message }) => {
            if (textOf(message) === 'malformed') throw new Error('malformed')
            return ''
          },
        },
      })
      const requester = world.link('requester')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(world, exchange$(requester, throwing, 'x'))
      world.advance(10)
      world.broker.publish({ topic: 'response', payload: bytesOf('malformed') })
      world.broker.publish({ topic: 'response', payload: bytesOf('fine') })
      world.advance(10)
      expect(call.values).toEqual(['fine'])
      expect(unmatched.values).toHaveLength(1)
      expect(world.broker.session('requester')?.unacknowledged).toEqual([])
    })
  })
})

describe('settling', () => {
  it('settles once, and releases its table entry, deadline and response subscription', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, '1'), responseTo(request, '2')])
      world.advance(50)
      const idle = world.scheduler.actions.length
      const requester = world.link('requester')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(call.values).toEqual(['1'])
      expect(call.ending()).toBe('complete')
      expect(requesterStats(requester, echo)).toMatchObject({ requested: 1, responded: 1, pending: 0 })
      // The deadline of the unused response subscription remains until it unsubscribes.
      expect(world.scheduler.actions).toHaveLength(idle + 1)
      world.advance(60_000)
      expect(world.scheduler.actions).toHaveLength(idle)
      expect(world.broker.subscriptions().filter(({ clientId }) => clientId === 'requester')).toEqual([])
    })
  })

  it.each(['a timeout', 'an unsubscribe', 'an abort'] as const)(
    'leaves no table entry, timer or subscription behind after %s',
    (end) => {
      inWorld((world) => {
        const requester = world.link('requester')
        // The connection, with its timers, is there before.
        requester.state$.subscribe()
        world.advance(50)
        const idle = world.scheduler.actions.length
        const aborter = new AbortController()
        if (end === 'an abort')
          request(requester, echo, 'x', { signal: aborter.signal }).catch(() => undefined)
        const call = observe(
          world,
          end === 'an abort' ? NEVER : exchange$(requester, echo, 'x', { timeout: 1_000 }),
        )
        world.advance(100)
        expect(requesterStats(requester, echo).pending).toBe(1)
        if (end === 'an unsubscribe') call.unsubscribe()
        if (end === 'an abort') aborter.abort()
        world.advance(end === 'a timeout' ? 1_000 : 0)
        expect(requesterStats(requester, echo).pending).toBe(0)
        world.advance(60_000)
        expect(world.scheduler.actions).toHaveLength(idle)
        expect(world.broker.subscriptions()).toEqual([])
      })
    },
  )

  it('sends a cancel and settles at once when its subscriber unsubscribes', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      accept(world, published[0]?.message)
      call.unsubscribe()
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, cancelled: 1 })
      world.advance(20)
      const [request, cancel] = published.map(({ message }) => message)
      expect(cancel).toMatchObject({
        topic: 'control/server',
        qos: 0,
        payload: new Uint8Array(),
        responseTopic: 'response/requester',
        correlationData: request?.correlationData,
        userProperties: [
          ['__ctl', 'cancel'],
          ['__stat', '499'],
        ],
      })
      expect(published).toHaveLength(2)
    })
  })

  it('sends a cancel when the acceptance arrives after it, once', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      call.unsubscribe()
      world.advance(20)
      expect(published).toHaveLength(1)
      accept(world, published[0]?.message)
      accept(world, published[0]?.message)
      expect(published.map(({ message }) => message.topic)).toEqual(['echo', 'control/server'])
      expect(unmatched.values).toEqual([])
    })
  })

  it('sends a cancel to a responder that accepts a repeated request after another has responded', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const retry = { count: 1, attemptTimeout: 200 }
      const requester = world.link('requester')
      const [once, twice] = ['once', 'twice'].map((value) =>
        observe(world, exchange$(requester, echo, value, { retry })),
      )
      world.advance(20)
      respondTo(world, published.slice(0, 1))
      world.advance(300)
      respondTo(world, published.slice(1, 2))
      world.advance(20)
      expect([once?.values, twice?.values]).toEqual([['response'], ['response']])
      const [first, second, again] = published.map(({ message }) => message)
      expect(again).toMatchObject({ correlationData: second?.correlationData })
      for (const request of [first, second, second]) accept(world, request)
      expect(published.slice(3).map(({ message }) => [message.topic, message.correlationData])).toEqual([
        ['control/server', second?.correlationData],
      ])
    })
  })

  it('sends a cancel to each responder that has accepted a repeated request once one has responded', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const retry = { count: 1, attemptTimeout: 200 }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { retry }))
      world.advance(300)
      const [request] = published.map(({ message }) => message)
      for (const topic of ['control/a', 'control/b', 'control/a']) accept(world, request, topic)
      respondTo(world, published)
      world.advance(20)
      expect(call.values).toEqual(['response'])
      expect(
        published
          .slice(2)
          .map(({ message }) => message.topic)
          .sort(),
      ).toEqual(['control/a', 'control/b'])
    })
  })

  it('sends at most nine cancels of a request, however many control topics a hostile peer names', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(20)
      for (let index = 0; index < 100; index++) accept(world, published[0]?.message, `control/${index}`)
      call.unsubscribe()
      world.advance(20)
      expect(published.slice(1)).toHaveLength(9)
    })
  })

  it('remembers 10 000 cancels, and sends no further ones', () => {
    const { link, requests, respond } = manualPeer()
    for (let count = 0; count < 10_001; count++)
      exchange$(link, echo, 'x', { timeout: 3_600_000 }).subscribe().unsubscribe()
    expect(requests).toHaveLength(10_001)
    const userProperties = [
      ['__stat', '202'],
      ['__ctlTopic', 'control/server'],
    ] as const
    for (const message of requests.slice()) respond(responseTo(message, '', { userProperties }))
    const [first] = requests
    const cancels = requests.slice(10_001)
    expect(cancels).toHaveLength(10_000)
    expect(cancels[0]).toMatchObject({ topic: 'control/server', correlationData: first?.correlationData })
  })

  it('forgets a cancel when its request has expired', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(20)
      call.unsubscribe()
      world.advance(1_000)
      accept(world, published[0]?.message)
      expect(published).toHaveLength(1)
    })
  })

  it('sends neither an attempt number nor a cancel with `cancel: local`, even if its request is accepted', () => {
    inWorld((world) => {
      const local = endpoint({ topic: 'echo', request: text, response: text, cancel: 'local' })
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), local, 'x'))
      world.advance(20)
      call.unsubscribe()
      accept(world, published[0]?.message)
      world.advance(20)
      expect(published.map(({ message }) => message.userProperties)).toEqual([undefined])
    })
  })

  it('sends nothing when a request is cancelled before it was published', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(1)
      call.unsubscribe()
      world.advance(100)
      expect(published).toEqual([])
    })
  })

  it('sends a cancel on timeout', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(20)
      accept(world, published[0]?.message)
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'after-network', endpoint: 'echo' })
      expect(call.endedAt()).toBe(1_000)
      const [request, cancel] = published.map(({ message }) => message)
      expect(published).toHaveLength(2)
      expect(cancel).toMatchObject({
        topic: 'control/server',
        correlationData: request?.correlationData,
        userProperties: [
          ['__ctl', 'cancel'],
          ['__stat', '499'],
          ['__stMsg', 'timeout'],
        ],
      })
    })
  })

  it('stops the handler when a step timeout elapses before the request expires', () => {
    inWorld((world) => {
      let isRunning = false
      const handler = new Observable<string>(() => {
        isRunning = true
        return () => (isRunning = false)
      })
      requests$(world.link('server'), echo)
        .pipe(serve(() => handler))
        .subscribe()
      world.advance(50)
      const options = { timeout: 60_000, stepTimeouts: { response: 1_000 } }
      observe(world, exchange$(world.link('requester'), echo, 'x', options))
      world.advance(900)
      expect(isRunning).toBe(true)
      world.advance(200)
      expect(isRunning).toBe(false)
    })
  })

  it('sends no cancel on timeout when the request was not published', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      world.broker.inject({ kind: 'drop', packets: ['suback'], clientId: 'requester' })
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited: 'subscription' })
      expect(published).toEqual([])
    })
  })

  it('fails with a timeout that has the error of the last attempt to connect', () => {
    inWorld((world) => {
      world.broker.refuseConnect(0x88)
      const requester = world.link('requester', { reconnect: { initial: 100, maximum: 100, jitter: 0 } })
      const call = observe(world, exchange$(requester, echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        awaited: 'connection',
        message: expect.stringMatching(/not connected within 1000 ms .*Last attempt: .*0x88/) as string,
        cause: { code: 'connection-refused', reasonCode: 0x88 },
      })
    })
  })

  it('fails with a timeout that does not speak of retries if none was withheld', () => {
    inWorld((world) => {
      respondOn(world, 'echo', () => [])
      world.advance(10)
      const retry = { count: 1, attemptTimeout: 300 }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000, retry }))
      world.advance(2_000)
      const { rawMessage } = call.ending() as AntiphonError
      expect(rawMessage).toMatch(/^echo: no response within 1000 ms \(request [-0-9a-f]{36}\)$/)
    })
  })

  it('fails with a timeout that reports a PUBACK of 0x10', () => {
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        awaited: 'response',
        message: expect.stringContaining('The broker reports no subscriber to echo') as string,
        cause: { code: 'no-responder', reasonCode: 0x10 },
      })
    })
  })

  it('does not report a PUBACK of 0x10 that a later attempt has disproved', () => {
    inWorld((world) => {
      const retry = { count: 1, attemptTimeout: 500 }
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000, retry }))
      world.advance(100)
      respondOn(world, 'echo', () => [])
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout' })
      expect(call.ending()).not.toHaveProperty('cause')
      expect(call.ending()).toMatchObject({ message: expect.not.stringContaining('subscriber') as string })
    })
  })

  it('fails with timeout when the request expires before it is sent', () => {
    inWorld((world) => {
      const expired = new AntiphonError('expired', 'expired after 5 s in the outbox')
      const requester = linkMiddleware({ publish$: () => throwError(() => expired) })(world.link('requester'))
      const call = observe(world, exchange$(requester, echo, 'x', { retry: { count: 3 } }))
      world.advance(100)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited: 'acknowledgement' })
      expect(requesterStats(requester, echo)).toMatchObject({ timedOut: 1, failed: 0, pending: 0 })
    })
  })

  it('fails with timeout after 5 s when no timeout is set', () => {
    inWorld((world) => {
      const call = observe(world, exchange$(world.link('requester'), echo, 'x'))
      world.advance(60_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited: 'response' })
      expect(call.endedAt()).toBe(5_000)
    })
  })

  it('fails with a timeout that names the phase', () => {
    inWorld((world) => {
      world.broker.play(faultScript('d'))
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'before-network', awaited: 'connection' })
      expect(call.ending()).toMatchObject({ message: expect.stringContaining('not connected') as string })
    })
  })

  it.each([
    ['subscription', 'suback', 'before-network'],
    ['acknowledgement', 'puback', 'after-network'],
    ['response', 'unsuback', 'after-network'],
  ] as const)('fails with a timeout that names the awaited step: %s', (awaited, lost, phase) => {
    inWorld((world) => {
      world.broker.inject({ kind: 'drop', packets: [lost], clientId: 'requester' })
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited, phase })
    })
  })

  it('fails pending and later requests with link-closed when the link closes', () => {
    inWorld((world) => {
      const requester = world.link('requester')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      void requester.close()
      world.advance(3_000)
      expect(call.ending()).toMatchObject({ code: 'link-closed', endpoint: 'echo' })
      const late = observe(world, exchange$(requester, echo, 'x'))
      expect(late.ending()).toMatchObject({ code: 'link-closed' })
    })
  })

  it.each(['pending', 'later'])(
    'fails a %s request with the cause when the link closes before it was ever online',
    (when) => {
      inWorld((world) => {
        world.broker.refuseConnect(0x85)
        const requester = world.link('requester')
        const early = observe(world, exchange$(requester, echo, 'x'))
        world.advance(20)
        expect(early.ending()).toMatchObject({ code: 'link-closed', cause: { reasonCode: 0x85 } })
        if (when !== 'later') return
        const late = observe(world, exchange$(requester, echo, 'x'))
        expect(late.ending()).toMatchObject({ code: 'link-closed', cause: { reasonCode: 0x85 } })
      })
    },
  )

  it('fails a request on a link that was closed before its first use', () => {
    inWorld((world) => {
      const requester = world.link('requester')
      void requester.close()
      world.advance(20)
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      expect(call.ending()).toMatchObject({ code: 'link-closed' })
    })
  })
})

describe('a handler without a response', () => {
  it.each([
    ['an empty response for a handler that completes empty', EMPTY, ['']],
    ['nothing for a handler that never completes', NEVER, []],
    ['the response of a handler that emits one', of('x'), ['x']],
  ])('receives %s', (_, responses$, expected) => {
    inWorld((world) => {
      requests$(world.link('server'), echo)
        .pipe(serve(() => responses$))
        .subscribe()
      world.advance(50)
      const call = observe(world, exchange$(world.link('requester'), echo, 'x', { timeout: 500 }))
      world.advance(1_000)
      expect(call.values).toEqual(expected)
    })
  })
})
