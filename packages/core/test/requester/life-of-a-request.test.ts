import {
  AntiphonError,
  requesterStats,
  endpoint,
  exchange$,
  request$,
  requests$,
  serve,
  unmatchedResponses$,
  text,
  topicParams,
} from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { faultScript } from '@antiphon/testing'
import { EMPTY, from, NEVER, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { respondOn, bytesOf, observe, publishedBy, responseTo, textOf, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** An answer to the first message of a client, from outside. */
function response({ broker }: World, [first]: readonly PublishedMessage[], reply = 'answer'): void {
  if (first === undefined) throw new Error('nothing was asked')
  broker.publish(responseTo(first.message, reply))
}

describe('step 2, the response subscription', () => {
  it('is one SUBSCRIBE for N concurrent calls', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
      world.advance(50)
      const before = world.broker.counts().packets.subscribe ?? 0
      const requests = Array.from({ length: 1_000 }, (_, index) => String(index))
      const responses = observe(world, from(requests).pipe(request$(world.link('caller'), echo)))
      world.advance(100)
      expect(responses.values).toEqual(requests)
      expect(responses.ending()).toBe('complete')
      expect(world.broker.counts().packets.subscribe).toBe(before + 1)
    })
  })

  it('is released a while after the last call, and used again until then', () => {
    inWorld((world) => {
      const spans: (readonly [string, number])[] = []
      world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
        if (clientId === 'caller') spans.push([kind, world.scheduler.now()])
      })
      respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
      world.advance(50)
      const requester = world.link('caller')
      const sendRequest = (): void => void exchange$(requester, echo, 'x').subscribe()
      sendRequest()
      world.advance(20_000)
      sendRequest()
      world.advance(100_000)
      const [, released] = spans
      expect(spans.map(([kind]) => kind)).toEqual(['subscribed', 'unsubscribed'])
      expect(released?.[1]).toBeGreaterThan(20_050 + 10_000)
      expect(released?.[1]).toBeLessThan(20_050 + 60_000)
    })
  })

  it('makes a new acquire wait for the UNSUBACK while its UNSUBSCRIBE is in flight', () => {
    inWorld(
      (world) => {
        const order: string[] = []
        world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
          if (clientId === 'caller') order.push(kind)
        })
        world.broker.published$.subscribe(({ clientId, message }) => {
          if (clientId === 'caller') order.push(`asked ${textOf(message)}`)
        })
        respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))])
        world.advance(1_000)
        const requester = world.link('caller')
        const first = observe(world, exchange$(requester, echo, '1'))
        world.advance(1_000)
        let responses: string[] = []
        world.broker.subscriptions$.subscribe(({ kind, clientId }) => {
          // The broker has it, and its UNSUBACK is on its way.
          if (clientId !== 'caller' || kind !== 'unsubscribed') return
          exchange$(requester, echo, '2').subscribe((response) => (responses = [...responses, response]))
        })
        world.advance(40_000)
        expect(first.values).toEqual(['1'])
        expect(responses).toEqual(['2'])
        expect(order.slice(0, 5)).toEqual(['subscribed', 'asked 1', 'unsubscribed', 'subscribed', 'asked 2'])
      },
      { latency: 20 },
    )
  })

  it('fails the call at once when SUBACK says 0x80 or more', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      world.broker.refuseSubscribe('response/caller', 0x87)
      const requester = world.link('caller')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(10)
      expect(call.ending()).toMatchObject({ code: 'subscribe-refused', reasonCode: 0x87, endpoint: 'echo' })
      expect(requested).toEqual([])
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('is asked for again by the next call after a refusal', () => {
    inWorld((world) => {
      const undo = world.broker.refuseSubscribe('response/caller', 0x87)
      respondOn(world, 'echo', (request) => [responseTo(request, 'yes')])
      const requester = world.link('caller')
      observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      undo()
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(call.values).toEqual(['yes'])
    })
  })
})

describe('step 3, publishing', () => {
  it('happens only after the SUBACK', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      world.broker.play([{ at: 0, fault: { kind: 'delay', by: 100, packets: ['suback'] } }])
      observe(world, exchange$(world.link('caller'), echo, 'x'))
      world.advance(200)
      // CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH.
      expect(requested.map(({ at }) => at)).toEqual([105])
    })
  })

  it('comes after registering: a reply before the PUBACK is taken', () => {
    inWorld((world) => {
      world.broker.play([{ at: 0, fault: { kind: 'reorder', by: 500, packets: ['puback'] } }])
      respondOn(world, 'echo', (request) => [responseTo(request, 'early')])
      world.advance(50)
      const call = observe(world, exchange$(world.link('caller'), echo, 'x'))
      world.advance(100)
      expect(call.values).toEqual(['early'])
      expect(call.ending()).toBe('complete')
      world.flush()
      expect(world.broker.session('caller')?.unacknowledged).toEqual([])
    })
  })
})

describe('step 4, the PUBACK', () => {
  it('fails the call at once with 0x80 or more', () => {
    inWorld((world) => {
      world.broker.refusePublish('echo', 0x87)
      const call = observe(world, exchange$(world.link('caller'), echo, 'x'))
      world.advance(10)
      expect(call.ending()).toMatchObject({
        code: 'publish-refused',
        reasonCode: 0x87,
        topic: 'echo',
        phase: 'after-network',
      })
    })
  })

  it('fails the call at once with `no-responder` when it says 0x10 and the option says so', () => {
    inWorld((world) => {
      const requester = world.link('caller')
      const call = observe(world, exchange$(requester, echo, 'x', { failFast: true }))
      world.advance(20)
      expect(call.ending()).toMatchObject({ code: 'no-responder', reasonCode: 0x10, topic: 'echo' })
      expect(call.endedAt()).toBe(6)
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('leaves the call waiting with 0x10 otherwise', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const call = observe(world, exchange$(world.link('caller'), echo, 'x'))
      world.advance(20)
      expect(requested.map(({ reasonCode }) => reasonCode)).toEqual([0x10])
      expect(call.ending()).toBeUndefined()
      response(world, requested)
      world.advance(20)
      expect(call.values).toEqual(['answer'])
    })
  })

  it('does not fail a call with 0x10 whose answer came first', () => {
    inWorld((world) => {
      world.broker.play([{ at: 0, fault: { kind: 'reorder', by: 500, packets: ['puback'] } }])
      const requested = publishedBy(world, 'caller')
      const call = observe(world, exchange$(world.link('caller'), echo, 'x', { failFast: true }))
      world.advance(20)
      response(world, requested)
      world.advance(1_000)
      expect(call.values).toEqual(['answer'])
      expect(call.ending()).toBe('complete')
    })
  })
})

describe('step 5, matching on response topic and correlation', () => {
  it.each(['late', 'unknown', 'repeated'] as const)(
    'acknowledges a reply that is %s, tells it to strays$, and never emits it',
    (kind) => {
      inWorld((world) => {
        const requested = publishedBy(world, 'caller')
        const requester = world.link('caller')
        const unmatched = observe(world, unmatchedResponses$(requester))
        const call = observe(world, exchange$(requester, echo, 'x', { timeout: 1_000 }))
        world.advance(10)
        if (kind === 'late') world.advance(2_000)
        if (kind === 'repeated') response(world, requested, 'first')
        world.advance(10)
        if (kind === 'unknown') {
          const correlationData = bytesOf('00000000-0000-4000-8000-000000000000')
          world.broker.publish({ topic: 'response/caller', correlationData, payload: bytesOf('unknown') })
          world.broker.publish({ topic: 'response/caller', payload: bytesOf('no token at all') })
        } else response(world, requested, kind)
        world.advance(10)
        const seen = unmatched.values.map(({ message }) => textOf(message))
        expect(seen).toEqual(kind === 'unknown' ? ['unknown', 'no token at all'] : [kind])
        expect(call.values).toEqual(kind === 'repeated' ? ['first'] : [])
        expect(world.broker.session('caller')?.unacknowledged).toEqual([])
      })
    },
  )

  it('does not take the right correlation on another response topic', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const requester = world.link('caller')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const [mine, other] = ['response/pool/1', 'response/pool/2'] as const
      const here = observe(world, exchange$(requester, echo, 'here', { responseTopic: mine }))
      const there = observe(world, exchange$(requester, echo, 'there', { responseTopic: other }))
      world.advance(20)
      const request = requested.find(({ message }) => message.responseTopic === mine)
      if (request !== undefined) world.broker.publish(responseTo(request.message, 'no', { topic: other }))
      world.advance(20)
      expect([here.values, there.values, unmatched.values.length]).toEqual([[], [], 1])
      if (request !== undefined) world.broker.publish(responseTo(request.message, 'yes'))
      world.advance(20)
      expect([here.values, there.values]).toEqual([['yes'], []])
    })
  })

  it('survives a correlation of one’s own that throws', () => {
    inWorld((world) => {
      const fragile = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        responseTopic: 'reply',
        correlation: {
          ...topicParams(),
          tokenOf: ({ message }) => {
            if (textOf(message) === 'poison') throw new Error('poison')
            return ''
          },
        },
      })
      const requester = world.link('caller')
      const unmatched = observe(world, unmatchedResponses$(requester))
      const call = observe(world, exchange$(requester, fragile, 'x'))
      world.advance(10)
      world.broker.publish({ topic: 'reply', payload: bytesOf('poison') })
      world.broker.publish({ topic: 'reply', payload: bytesOf('fine') })
      world.advance(10)
      expect(call.values).toEqual(['fine'])
      expect(unmatched.values).toHaveLength(1)
      expect(world.broker.session('caller')?.unacknowledged).toEqual([])
    })
  })
})

describe('step 6, settling', () => {
  it('happens once, and entry, timer and subscription share are gone', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, '1'), responseTo(request, '2')])
      world.advance(50)
      const idle = world.scheduler.actions.length
      const requester = world.link('caller')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(call.values).toEqual(['1'])
      expect(call.ending()).toBe('complete')
      expect(requesterStats(requester, echo)).toMatchObject({ requested: 1, responded: 1, pending: 0 })
      // The lingering response subscription, until it goes as well.
      expect(world.scheduler.actions).toHaveLength(idle + 1)
      world.advance(60_000)
      expect(world.scheduler.actions).toHaveLength(idle)
      expect(world.broker.subscriptions().filter(({ clientId }) => clientId === 'caller')).toEqual([])
    })
  })

  it('cancelling sends the cancel and frees at once', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const requester = world.link('caller')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      call.unsubscribe()
      expect(requesterStats(requester, echo)).toMatchObject({ pending: 0, cancelled: 1 })
      world.advance(20)
      const [request, cancel] = requested.map(({ message }) => message)
      expect(cancel).toMatchObject({
        topic: 'echo',
        payload: new Uint8Array(),
        responseTopic: 'response/caller',
        correlationData: request?.correlationData,
        userProperties: [['__stat', '499']],
      })
      expect(requested).toHaveLength(2)
    })
  })

  it('cancelling what was not published yet sends nothing', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const call = observe(world, exchange$(world.link('caller'), echo, 'x'))
      world.advance(1)
      call.unsubscribe()
      world.advance(100)
      expect(requested).toEqual([])
    })
  })

  it('a timeout sends no cancel: the expiry has told the responder', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const call = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'after-network', endpoint: 'echo' })
      expect(call.endedAt()).toBe(1_000)
      expect(requested).toHaveLength(1)
    })
  })

  it('a question that waited to be sent for all its time has timed out', () => {
    inWorld((world) => {
      const expired = new AntiphonError('expired', 'it waited to be sent for the whole 5 s of its expiry')
      const requester = linkMiddleware({ publish$: () => throwError(() => expired) })(world.link('caller'))
      const call = observe(world, exchange$(requester, echo, 'x', { retry: { count: 3 } }))
      world.advance(100)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited: 'acknowledgement' })
      expect(requesterStats(requester, echo)).toMatchObject({ timedOut: 1, failed: 0, pending: 0 })
    })
  })

  it('a timeout names the phase it came in', () => {
    inWorld((world) => {
      world.broker.play(faultScript('d'))
      const call = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', phase: 'before-network', awaited: 'connection' })
      expect(call.ending()).toMatchObject({ message: expect.stringContaining('not connected') as string })
    })
  })

  it.each([
    ['subscription', 'suback', 'before-network'],
    ['acknowledgement', 'puback', 'after-network'],
    ['response', 'unsuback', 'after-network'],
  ] as const)('a timeout names what it waited for: the %s', (awaited, lost, phase) => {
    inWorld((world) => {
      world.broker.inject({ kind: 'drop', packets: [lost], clientId: 'caller' })
      const call = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(call.ending()).toMatchObject({ code: 'timeout', awaited, phase })
    })
  })

  it('a closed link fails what is open, and what is asked later', () => {
    inWorld((world) => {
      const requester = world.link('caller')
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      void requester.close()
      world.advance(3_000)
      expect(call.ending()).toMatchObject({ code: 'link-closed', endpoint: 'echo' })
      const late = observe(world, exchange$(requester, echo, 'x'))
      expect(late.ending()).toMatchObject({ code: 'link-closed' })
    })
  })

  it.each(['asked while it was open', 'asked later'])(
    'a link that ended before it ever was online fails what is %s',
    (when) => {
      inWorld((world) => {
        world.broker.refuseConnect(0x85)
        const requester = world.link('caller')
        const early = observe(world, exchange$(requester, echo, 'x'))
        world.advance(20)
        expect(early.ending()).toMatchObject({ code: 'link-closed', cause: { reasonCode: 0x85 } })
        if (when !== 'asked later') return
        const late = observe(world, exchange$(requester, echo, 'x'))
        expect(late.ending()).toMatchObject({ code: 'link-closed', cause: { reasonCode: 0x85 } })
      })
    },
  )

  it('a link that was closed before it was first used fails what is asked', () => {
    inWorld((world) => {
      const requester = world.link('caller')
      void requester.close()
      world.advance(20)
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(20)
      expect(call.ending()).toMatchObject({ code: 'link-closed' })
    })
  })
})

describe('a handler that answers nothing', () => {
  it.each([
    ['completes empty', EMPTY, ['']],
    ['never ends', NEVER, []],
    ['answers', of('x'), ['x']],
  ])('%s', (_, responses$, expected) => {
    inWorld((world) => {
      requests$(world.link('server'), echo)
        .pipe(serve(() => responses$))
        .subscribe()
      world.advance(50)
      const call = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout: 500 }))
      world.advance(1_000)
      expect(call.values).toEqual(expected)
    })
  })
})
