import {
  endpoint,
  ignoredRequests$,
  request$,
  requestMany,
  requests$,
  serve,
  text,
  type AcknowledgeMode,
  type Incident,
  type Link,
} from '@antiphon/core'
import { delay, filter, map, NEVER, of, range, share } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { asyncWorld } from '../async-world.js'
import { bytesOf, observe, publishedBy, textOf } from '../observed.js'
import { inWorld, type World } from '../world.js'
import { cancelProperties, echo, requestProperties, withEchoResponder } from './with-responder.js'

/** The window of Mosquitto: how many messages it sends to a client before it waits for acknowledgements. */
const client = { receiveMaximum: 20 }

const numbers = endpoint({ topic: 'numbers', request: text, response: text, responses: 'many' })

/** Sends numbered requests, one per millisecond. */
function sendRequests({ broker, advance }: World, count: number): void {
  for (let index = 0; index < count; index++) {
    broker.publish({
      topic: 'echo',
      payload: bytesOf(String(index)),
      ...requestProperties,
      correlationData: bytesOf(`token ${index}`),
    })
    advance(1)
  }
}

describe('a responder behind a broker window of 20 messages', () => {
  it('answers 1 000 requests beside an open stream', () => {
    inWorld((world) => {
      const link = world.link('server', client)
      const responses = publishedBy(world, 'server')
      observe(world, requests$(link, numbers).pipe(serve(() => NEVER)))
      observe(world, requests$(link, echo).pipe(serve(({ value }) => of(value))))
      world.advance(50)
      world.broker.publish({ topic: 'numbers', payload: bytesOf('all'), ...requestProperties })
      sendRequests(world, 1_000)
      world.advance(100)
      expect(responses).toHaveLength(1_000)
    })
  })

  it('answers fast requests at once beside a slow handler', () => {
    withEchoResponder(
      ({ world, responses }) => {
        sendRequests(world, 200)
        world.advance(50)
        expect(responses).toHaveLength(199)
        world.advance(3_000)
        expect(responses.map(({ message }) => textOf(message)).at(-1)).toBe('0')
      },
      { client, handler: ({ value }) => of(value).pipe(delay(value === '0' ? 3_000 : 5)) },
    )
  })

  it.each([1, undefined])('sends 5 000 of 5 000 items with credit %s', async (credit) => {
    const { link, advance } = asyncWorld()
    requests$(link('server', client), numbers)
      .pipe(serve(() => range(5_000).pipe(map((index) => String(index)))))
      .subscribe()
    await advance(50)
    let received = 0
    const items = requestMany(
      link('requester', client),
      numbers,
      'all',
      credit === undefined ? {} : { credit },
    )
    const reading = (async () => {
      for await (const _ of items) received++
    })()
    for (let round = 0; round < 400 && received < 5_000; round++) await advance(100)
    expect(received).toBe(5_000)
    await advance(100)
    await reading
  })

  it('answers requests whose handlers send requests over the same link', () => {
    inWorld((world) => {
      const inner = endpoint({ topic: 'inner', request: text, response: text })
      const link = world.link('server', client)
      const responses = publishedBy(world, 'server')
      requests$(world.link('other'), inner)
        .pipe(serve(({ value }) => of(value).pipe(delay(50))))
        .subscribe()
      requests$(link, echo)
        .pipe(serve(({ value }) => request$(link, inner, { timeout: 1_000 })(of(value))))
        .subscribe()
      world.advance(50)
      sendRequests(world, 100)
      world.advance(2_000)
      expect(responses.filter(({ message }) => message.topic === 'responses')).toHaveLength(100)
    })
  })

  it.each<AcknowledgeMode>(['on-start', 'on-receipt'])(
    'acknowledges requests that a filter drops before serve with %s',
    (acknowledge) => {
      inWorld((world) => {
        const link = world.link('server', client)
        const responses = publishedBy(world, 'server')
        requests$(link, echo, { acknowledge })
          .pipe(
            filter(({ value }) => Number(value) % 2 === 0),
            serve(({ value }) => of(value)),
          )
          .subscribe()
        world.advance(50)
        sendRequests(world, 200)
        world.advance(50)
        expect(responses).toHaveLength(100)
        expect(world.broker.session('server')?.unacknowledged).toEqual([])
      })
    },
  )

  it('answers all requests beside a second requests$ without serve', () => {
    inWorld((world) => {
      const link = world.link('server', client)
      const seen = observe(world, requests$(link, echo))
      const served = observe(world, requests$(link, echo).pipe(serve(({ value }) => of(value))))
      world.advance(50)
      sendRequests(world, 200)
      world.advance(50)
      expect([seen.values.length, served.values.length]).toEqual([200, 200])
    })
  })

  it('receives a cancel while handlers run', () => {
    withEchoResponder(
      ({ world, records, sendControl }) => {
        sendRequests(world, 100)
        sendControl(cancelProperties, { correlationData: bytesOf('token 50') })
        world.advance(50)
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
      },
      { client, handler: () => NEVER },
    )
  })

  it('receives no more than the window while all handlers are busy', () => {
    withEchoResponder(
      ({ world, handled, unacknowledged }) => {
        sendRequests(world, 100)
        world.advance(1_000)
        expect([handled.length, unacknowledged()]).toEqual([10, 20])
      },
      { client, handler: () => NEVER, serve: { concurrency: 10 } },
    )
  })

  it('reports that acknowledgements are blocked with acknowledge: after-response', () => {
    inWorld((world) => {
      const link = world.link('server', client)
      const incidents: Incident[] = []
      link.incidents$.subscribe((incident) => incidents.push(incident))
      const responses = publishedBy(world, 'server')
      requests$(link, echo, { acknowledge: 'after-response' })
        .pipe(serve(({ value }) => of(value).pipe(delay(value === '0' ? 3_000 : 5))))
        .subscribe()
      world.advance(50)
      sendRequests(world, 100)
      expect(responses).toHaveLength(19)
      expect(incidents).toMatchObject([{ kind: 'acknowledgements-blocked', waiting: 10 }])
      expect(incidents.map((incident) => 'message' in incident && incident.message && textOf(incident.message))).toEqual(['0']) // prettier-ignore
      world.advance(4_000)
      expect(responses).toHaveLength(100)
    })
  })
})

describe('a window full of running handlers', () => {
  function blockedIncidents(link: Link): readonly Incident[] {
    const incidents: Incident[] = []
    link.incidents$.subscribe((incident) => incidents.push(incident))
    return incidents
  }

  it('is reported with acknowledge: after-response once no acknowledgement has been sent for five seconds', () => {
    inWorld((world) => {
      const link = world.link('server', client)
      const incidents = blockedIncidents(link)
      observe(world, requests$(link, echo, { acknowledge: 'after-response' }).pipe(serve(() => NEVER)))
      world.advance(50)
      sendRequests(world, 100)
      world.advance(4_000)
      expect(incidents).toEqual([])
      world.advance(10_000)
      expect(incidents).toMatchObject([{ kind: 'acknowledgements-blocked', waiting: 19 }])
    })
  })

  it('is not reported while its handlers end, or below ten of them', () => {
    inWorld((world) => {
      const link = world.link('server', client)
      const incidents = blockedIncidents(link)
      const options = { acknowledge: 'after-response' } as const
      observe(
        world,
        requests$(link, echo, options).pipe(
          serve(({ value }) => of(value).pipe(delay(4_000)), { concurrency: 20 }),
        ),
      )
      world.advance(50)
      sendRequests(world, 60)
      world.advance(60_000)
      observe(world, requests$(link, numbers, options).pipe(serve(() => NEVER)))
      world.advance(50)
      for (let index = 0; index < 9; index++) {
        const correlationData = bytesOf(`stream ${index}`)
        world.broker.publish({
          topic: 'numbers',
          payload: bytesOf('x'),
          ...requestProperties,
          correlationData,
        })
      }
      world.advance(60_000)
      expect(incidents).toEqual([])
    })
  })
})

describe('a request that serve does not receive at once', () => {
  it('is recorded as unserved when it expires', () => {
    inWorld((world) => {
      const link = world.link('server')
      const ignored = observe(world, ignoredRequests$(link))
      requests$(link, echo)
        .pipe(
          filter(() => false),
          serve(({ value }) => of(value)),
        )
        .subscribe()
      world.advance(50)
      const message = { topic: 'echo', payload: bytesOf('x'), ...requestProperties, messageExpiryInterval: 5 }
      world.broker.publish(message)
      world.advance(4_000)
      expect(ignored.values).toEqual([])
      world.advance(2_000)
      expect(ignored.values).toMatchObject([
        { reason: 'unserved', endpoint: 'echo', detail: 'no serve received it until it expired' },
      ])
      // Its key is free again.
      world.broker.publish(message)
      world.advance(10_000)
      expect(ignored.values.map(({ reason }) => reason)).toEqual(['unserved', 'unserved'])
    })
  })

  it('is answered when an operator before serve delays it', () => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      const records = observe(
        world,
        requests$(world.link('server', client), echo).pipe(
          delay(100),
          serve(({ value }) => of(value)),
        ),
      )
      world.advance(50)
      sendRequests(world, 100)
      world.advance(500)
      expect(responses).toHaveLength(100)
      expect(records.values.map(({ outcome }) => outcome)).toEqual(Array(100).fill('responded'))
    })
  })

  it('is not handled if its requester cancels it before serve receives it', () => {
    inWorld((world) => {
      const handled: string[] = []
      const records = observe(
        world,
        requests$(world.link('server'), echo, { controlTopic: 'control' }).pipe(
          delay(100),
          serve(
            ({ value }) => {
              handled.push(value)
              return of(value)
            },
            { concurrency: 1 },
          ),
        ),
      )
      world.advance(50)
      world.broker.publish({ topic: 'echo', payload: bytesOf('1'), ...requestProperties })
      world.advance(10)
      world.broker.publish({
        topic: 'control',
        payload: bytesOf(''),
        ...requestProperties,
        userProperties: cancelProperties,
      })
      world.advance(200)
      const other = { ...requestProperties, correlationData: bytesOf('other') }
      world.broker.publish({ topic: 'echo', payload: bytesOf('2'), ...other })
      world.advance(500)
      expect(handled).toEqual(['2'])
      expect(records.values).toMatchObject([{ outcome: 'responded' }])
    })
  })

  it('is handled once when two serves share a requests$', () => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      const shared$ = requests$(world.link('server'), echo).pipe(share())
      const records = ['first', 'second'].map((name) => observe(world, shared$.pipe(serve(() => of(name)))))
      world.advance(50)
      world.broker.publish({ topic: 'echo', payload: bytesOf('1'), ...requestProperties })
      world.advance(50)
      expect(responses.map(({ message }) => textOf(message))).toEqual(['first'])
      expect(records.map(({ values }) => values.length)).toEqual([1, 0])
    })
  })

  it('stays unacknowledged until it expires with acknowledge: after-response', () => {
    inWorld((world) => {
      const link = world.link('server')
      requests$(link, echo, { acknowledge: 'after-response' }).subscribe()
      world.advance(50)
      const unacknowledged = () => world.broker.session('server')?.unacknowledged.length
      world.broker.publish({
        topic: 'echo',
        payload: bytesOf('x'),
        ...requestProperties,
        messageExpiryInterval: 5,
      })
      world.advance(4_000)
      expect(unacknowledged()).toBe(1)
      world.advance(2_000)
      expect(unacknowledged()).toBe(0)
    })
  })

  it('ends at once if requests of 16 MiB wait already', () => {
    inWorld((world) => {
      const link = world.link('server')
      const ignored = observe(world, ignoredRequests$(link))
      requests$(link, echo).subscribe()
      world.advance(50)
      for (let index = 0; index < 5; index++)
        world.broker.publish({
          topic: 'echo',
          payload: new Uint8Array(4 * 2 ** 20),
          responseTopic: 'responses',
          correlationData: bytesOf(String(index)),
        })
      world.advance(50)
      expect(ignored.values).toMatchObject([
        { reason: 'unserved', detail: 'too many requests wait for a serve' },
      ])
    })
  })
})
