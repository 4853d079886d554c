import {
  AntiphonError,
  endpoint,
  exchange$,
  request$,
  requesterStats,
  requests$,
  serve,
  text,
  type Incident,
  type Link,
} from '@antiphon/core'
import { observed, type ExchangeEvent, type ObservedOptions } from '@antiphon/core/events'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { concat, delay, lastValueFrom, NEVER, of, Subject, throwError, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bytesOf, respondOn, responseTo } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const numbers = endpoint({ topic: 'numbers', request: text, response: text, responses: 'many' })

/** A link whose events are recorded. */
function recorded(
  link: Link,
  options?: ObservedOptions,
): { readonly link: Link; readonly events: ExchangeEvent[] } {
  const events: ExchangeEvent[] = []
  return { link: observed((event) => events.push(event), options)(link), events }
}

const kindsOf = (events: readonly ExchangeEvent[], side?: ExchangeEvent['side']): readonly string[] =>
  events.filter((event) => side === undefined || event.side === side).map(({ kind }) => kind)

const only = <K extends ExchangeEvent['kind']>(
  events: readonly ExchangeEvent[],
  kind: K,
): readonly Extract<ExchangeEvent, { readonly kind: K }>[] =>
  events.filter((event): event is Extract<ExchangeEvent, { readonly kind: K }> => event.kind === kind)

describe('observed', () => {
  it('emits the events of an exchange at its requester and its responder', () => {
    inWorld(({ link, advance, scheduler }) => {
      const server = recorded(link('server'))
      const requester = recorded(link('requester'))
      requests$(server.link, echo)
        .pipe(serve(({ value }) => of(value).pipe(delay(60, scheduler))))
        .subscribe()
      advance(20)
      exchange$(requester.link, echo, 'abc', { timeout: 3_000 }).subscribe()
      advance(200)
      expect(kindsOf(requester.events)).toEqual([
        'requested',
        'connecting',
        'online',
        'subscribed',
        'sent',
        'acknowledged',
        'received',
        'settled',
      ])
      expect(kindsOf(server.events)).toEqual([
        'connecting',
        'online',
        'received',
        'started',
        'responded',
        'acknowledged',
        'settled',
      ])
      const [sent] = only(requester.events, 'sent')
      expect(requester.events[0]).toMatchObject({
        exchange: 1,
        endpoint: 'echo',
        topic: 'echo',
        timeout: 3_000,
      })
      expect(sent).toMatchObject({
        attempt: 1,
        client: 'requester',
        message: { topic: 'echo', bytes: 3, qos: 1, responseTopic: 'response/requester' },
      })
      expect(sent?.message).not.toHaveProperty('payload')
      const received = server.events.find(({ kind }) => kind === 'received')
      expect(received).toMatchObject({ side: 'responder', correlation: sent?.correlation, client: 'server' })
      expect(only(server.events, 'settled')).toMatchObject([
        { outcome: 'responded', status: 200, duration: 62, waited: 0 },
      ])
      expect(only(requester.events, 'settled')).toMatchObject([{ exchange: 1, outcome: 'responded' }])
    })
  })

  it('emits events that are JSON, in the order of their times', () => {
    inWorld(({ link, advance }) => {
      const { link: server, events } = recorded(link('server'), { payloadBytes: 10 })
      requests$(server, echo)
        .pipe(serve(() => throwError(() => new Error('broken'))))
        .subscribe()
      exchange$(server, echo, 'abc').subscribe({ error: () => undefined })
      advance(200)
      expect(JSON.parse(JSON.stringify(events))).toEqual(events)
      expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).sort((a, b) => a - b))
      const settled = only(events, 'settled')
      expect(settled).toMatchObject([
        { side: 'requester', outcome: 'failed', status: 500, error: { code: 'status' } },
        { side: 'responder', outcome: 'failed', status: 500, error: { message: 'broken' } },
      ])
    })
  })

  it('emits retries, the acceptance, and the duplicate at the responder', () => {
    inWorld(({ link, advance, scheduler }) => {
      const server = recorded(link('server'))
      const requester = recorded(link('requester'))
      const silent = endpoint({ topic: 'echo', request: text, response: text, cancel: 'local' })
      requests$(server.link, silent)
        .pipe(serve(({ value }) => of(value).pipe(delay(250, scheduler))))
        .subscribe()
      advance(20)
      exchange$(requester.link, silent, 'x', {
        timeout: 2_000,
        retry: { count: 1, attemptTimeout: 100 },
      }).subscribe()
      advance(1_000)
      expect(kindsOf(requester.events, 'requester')).toEqual([
        'requested',
        'subscribed',
        'sent',
        'acknowledged',
        'retried',
        'acknowledged',
        'received',
        'settled',
      ])
      const [retried] = only(requester.events, 'retried')
      expect(retried).toMatchObject({ attempt: 2, exchange: 1 })
      expect(only(server.events, 'duplicate')).toMatchObject([
        { correlation: retried?.correlation, detail: 'it repeats a request that is being handled' },
      ])
    })
  })

  it('emits no credit for the items of a request stream', () => {
    inWorld(({ link, advance }) => {
      const sums = requestStreamEndpoint({ topic: 'sums', request: text, response: text })
      const server = recorded(link('server'))
      requests$(server.link, sums)
        .pipe(serve(async ({ value }) => (await lastValueFrom(value.pipe(toArray()))).join('+')))
        .subscribe()
      advance(20)
      exchange$(link('requester'), sums, ['1', '2']).subscribe()
      advance(200)
      const kinds = kindsOf(server.events, 'responder')
      expect(kinds).toContain('started')
      expect(kinds).not.toContain('credit')
    })
  })

  it('emits credit, acceptance and cancel of a stream on both sides', () => {
    inWorld(({ link, advance }) => {
      const server = recorded(link('server'))
      const requester = recorded(link('requester'))
      requests$(server.link, numbers)
        .pipe(serve(() => concat(['1', '2', '3', '4'], NEVER)))
        .subscribe()
      const exchange = exchange$(requester.link, numbers, 'x', { credit: 2 }).subscribe()
      advance(500)
      exchange.unsubscribe()
      advance(100)
      expect(only(requester.events, 'accepted').length).toBeGreaterThan(0)
      expect(only(requester.events, 'credit').map(({ total }) => total)).toContain(4)
      expect(only(server.events, 'credit').map(({ total }) => total)).toContain(4)
      expect(kindsOf(requester.events).slice(-2)).toEqual(['cancelled', 'settled'])
      expect(kindsOf(server.events).slice(-2)).toEqual(['cancelled', 'settled'])
      expect(only(server.events, 'settled')).toMatchObject([{ outcome: 'cancelled' }])
      const items = only(server.events, 'responded').map(({ message }) => message.userProperties)
      expect(items).toContainEqual(expect.arrayContaining([['__stream', '3']]))
    })
  })

  it('settles each request that it emits: encoded or not, timed out or refused', () => {
    inWorld(({ broker, link, advance }) => {
      broker.refusePublish('refused', 0x87)
      const { link: requester, events } = recorded(link('requester'))
      const strict = endpoint({ topic: 'strict/{id}', request: text, response: text })
      const refused = endpoint({ topic: 'refused', request: text, response: text })
      const failures: unknown[] = []
      const send = (stream$: ReturnType<typeof exchange$>): unknown =>
        stream$.subscribe({ error: (error: unknown) => failures.push(AntiphonError.from(error).code) })
      send(exchange$(requester, strict, { params: { id: '' }, value: 'x' }))
      send(exchange$(requester, refused, 'x'))
      send(exchange$(requester, echo, 'x', { timeout: 500 }))
      advance(1_000)
      expect(failures).toEqual(['invalid-argument', 'publish-refused', 'timeout'])
      expect(only(events, 'requested')).toHaveLength(3)
      expect(only(events, 'settled').map(({ exchange, outcome }) => [exchange, outcome])).toEqual([
        [1, 'failed'],
        [2, 'failed'],
        [3, 'timed-out'],
      ])
    })
  })

  it('accounts for every exchange when connections are lost and messages are sent again', () => {
    inWorld(({ broker, link, advance, scheduler }) => {
      const server = recorded(link('server', { reconnect: { initial: 50, maximum: 100 } }))
      const requester = recorded(link('requester', { reconnect: { initial: 50, maximum: 100 } }))
      requests$(server.link, echo)
        .pipe(serve(({ value }) => of(value).pipe(delay(40, scheduler))))
        .subscribe()
      advance(50)
      const options = { timeout: 2_000, retry: { count: 3, attemptTimeout: 150 } }
      for (let index = 0; index < 60; index++) {
        exchange$(requester.link, echo, `${index}`, options).subscribe({ error: () => undefined })
        advance(20)
        if (index % 7 === 3) broker.disconnect('requester', { session: 'lose' })
        if (index % 11 === 5) broker.disconnect('server', { session: 'lose' })
      }
      advance(5_000)
      const numbersOf = (kind: 'requested' | 'settled'): readonly number[] =>
        only(requester.events, kind).flatMap((event) => (event.side === 'requester' ? [event.exchange] : []))
      const all = Array.from({ length: 60 }, (_, index) => index + 1)
      expect(numbersOf('requested')).toEqual(all)
      expect([...numbersOf('settled')].sort((a, b) => a - b)).toEqual(all)
      const outcomes = only(requester.events, 'settled').map(({ outcome }) => outcome)
      const stats = requesterStats(requester.link, echo)
      expect(outcomes.filter((outcome) => outcome === 'responded')).toHaveLength(stats.responded)
      expect(outcomes.filter((outcome) => outcome === 'timed-out')).toHaveLength(stats.timedOut)
      expect(only(requester.events, 'retried')).toHaveLength(stats.retried)
      expect(stats.retried).toBeGreaterThan(0)
      const receivedBy = server.events.filter(({ kind }) => kind === 'received')
      expect(only(server.events, 'settled')).toHaveLength(receivedBy.length)
    })
  })

  it('emits unmatched responses and ignored requests', () => {
    inWorld(({ broker, link, advance }) => {
      const { link: client, events } = recorded(link('client'))
      requests$(client, echo, { group: 'workers' })
        .pipe(serve(({ value }) => of(value)))
        .subscribe()
      exchange$(client, echo, 'x').subscribe()
      advance(100)
      broker.publish({ topic: 'response/client', payload: bytesOf('y'), correlationData: bytesOf('late') })
      broker.publish({ topic: 'echo', payload: bytesOf('y') })
      broker.publish({
        topic: 'echo',
        payload: new Uint8Array([0xff]),
        payloadFormatIndicator: true,
        responseTopic: 'response/client',
        correlationData: bytesOf('bad'),
      })
      advance(100)
      expect(events.filter(({ kind }) => kind === 'received')[0]).toMatchObject({ group: 'workers' })
      expect(only(events, 'unmatched')).toMatchObject([
        { correlation: 'late', message: { topic: 'response/client' } },
        { correlation: 'bad' },
      ])
      expect(only(events, 'ignored')).toMatchObject([
        { reason: 'response-topic', endpoint: 'echo' },
        { reason: 'invalid', status: 400, correlation: 'bad' },
      ])
    })
  })

  it('emits the incidents of the link', () => {
    inWorld(({ link }) => {
      const incidents$ = new Subject<Incident>()
      const { events } = recorded({ ...link('client'), incidents$ })
      const message = { topic: 'a', payload: bytesOf('x'), qos: 1, retain: false, dup: true } as const
      incidents$.next({ kind: 'unroutable', message })
      incidents$.next({ kind: 'refused', error: new AntiphonError('publish-refused', 'no') })
      expect(events).toMatchObject([
        {
          kind: 'incident',
          side: 'link',
          incident: 'unroutable',
          message: { topic: 'a', bytes: 1, dup: true },
        },
        { kind: 'incident', incident: 'refused', error: { code: 'publish-refused', message: 'no' } },
      ])
    })
  })

  it('emits each state of the connection once for any number of subscribers', () => {
    inWorld(({ broker, link, advance }) => {
      const { link: client, events } = recorded(link('client', { reconnect: { initial: 100 } }))
      client.state$.subscribe()
      client.state$.subscribe()
      advance(20)
      broker.disconnect('client')
      advance(500)
      void client.close()
      advance(20)
      expect(kindsOf(events)).toEqual(['connecting', 'online', 'offline', 'connecting', 'online', 'closed'])
      expect(only(events, 'offline')).toMatchObject([{ error: { code: 'connection-lost' } }])
      expect(events.map(({ client: id }) => id)).toEqual(['', ...Array<string>(5).fill('client')])
    })
  })

  it('does not open the link, and stops when the link is closed', () => {
    inWorld(({ broker, link, advance }) => {
      const base = link('client')
      const { events } = recorded(base)
      advance(20)
      expect(broker.sessions()).toEqual([])
      void base.close()
      advance(20)
      const before = events.length
      exchange$(base, echo, 'x').subscribe({ error: () => undefined })
      advance(20)
      expect(events).toHaveLength(before)
    })
  })

  it('says that a request is abandoned when its responder unsubscribes', () => {
    inWorld(({ link, advance }) => {
      const server = recorded(link('server'))
      const served = requests$(server.link, echo)
        .pipe(serve(() => NEVER))
        .subscribe()
      exchange$(link('requester'), echo, 'x').subscribe()
      advance(50)
      served.unsubscribe()
      expect(only(server.events, 'settled')).toMatchObject([{ outcome: 'abandoned' }])
    })
  })

  it('says that a request is abandoned when drainTimeout is over and the broker holds it', () => {
    inWorld(({ link, advance }) => {
      const server = recorded(link('server'))
      const drain$ = new Subject<void>()
      requests$(server.link, echo, { drain$, drainTimeout: 100, acknowledge: 'after-response' })
        .pipe(serve(() => NEVER))
        .subscribe()
      exchange$(link('requester'), echo, 'x').subscribe()
      advance(50)
      drain$.next()
      advance(200)
      expect(only(server.events, 'settled')).toMatchObject([{ outcome: 'abandoned' }])
    })
  })

  it('passes events of one link to several sinks', () => {
    inWorld(({ link, advance }) => {
      const first = recorded(link('requester'))
      const second = recorded(first.link)
      exchange$(second.link, echo, 'x').subscribe()
      advance(50)
      expect(kindsOf(first.events)).toContain('sent')
      expect(kindsOf(second.events)).toEqual(kindsOf(first.events))
    })
  })

  it('drops the event of a sink that throws, and says how many were dropped', () => {
    inWorld(({ link, advance }) => {
      const events: ExchangeEvent[] = []
      let faults = 3
      const requester = observed((event) => {
        if (faults-- > 0) throw new Error('full')
        events.push(event)
      })(link('requester'))
      exchange$(requester, echo, 'x').subscribe()
      advance(50)
      expect(events[0]).toMatchObject({ kind: 'dropped', side: 'link', count: 3 })
      expect(kindsOf(events)).toContain('sent')
    })
  })

  it('rejects unknown options', () => {
    expect(() => observed(() => undefined, { payloadbytes: 3 } as ObservedOptions)).toThrow(
      'did you mean payloadBytes?',
    )
    expect(() => observed(() => undefined, { redact: { userProperties: [1] } } as never)).toThrow(
      'it must be an array of names',
    )
  })
})

describe('the messages in events', () => {
  const messageOf = (
    options: ObservedOptions,
    value: string | Uint8Array,
    userProperties: readonly (readonly [string, string])[] = [],
  ): unknown => {
    let found: unknown
    inWorld((world) => {
      const { link, broker, advance } = world
      const { link: requester, events } = recorded(link('requester'), options)
      respondOn(world, 'echo', (request) => [
        {
          ...responseTo(request, ''),
          payload: typeof value === 'string' ? bytesOf(value) : value,
          userProperties,
        },
      ])
      of('abc')
        .pipe(request$(requester, echo))
        .subscribe({ error: () => undefined })
      advance(100)
      expect(broker.sessions().length).toBeGreaterThan(0)
      found = events.flatMap((event) => (event.kind === 'received' ? [event.message] : []))[0]
    })
    return found
  }

  it('contain no payload by default', () => {
    expect(messageOf({}, 'abc')).not.toHaveProperty('payload')
  })

  it('contain the payload as text, up to a number of bytes', () => {
    expect(messageOf({ payloadBytes: 100 }, 'abc')).toMatchObject({ payload: 'abc', bytes: 3 })
    expect(messageOf({ payloadBytes: 3 }, 'aé€')).toMatchObject({ payload: 'aé', bytes: 6 })
    expect(messageOf({ payloadBytes: 4 }, 'aé€')).toMatchObject({ payload: 'aé', bytes: 6 })
  })

  it('contain other payloads in base64', () => {
    const expected = { payload: '/wA=', payloadEncoding: 'base64' }
    expect(messageOf({ payloadBytes: 9 }, new Uint8Array([255, 0]))).toMatchObject(expected)
  })

  it('contain no values of secret User Properties', () => {
    const properties = [
      ['Authorization', 'Bearer 1'],
      ['color', 'red'],
    ] as const
    expect(messageOf({}, 'abc', properties)).toMatchObject({
      userProperties: [
        ['Authorization', '[redacted]'],
        ['color', 'red'],
      ],
    })
    expect(messageOf({ redact: { userProperties: ['Color'] } }, 'abc', properties)).toMatchObject({
      userProperties: [
        ['Authorization', 'Bearer 1'],
        ['color', '[redacted]'],
      ],
    })
  })

  it('contain the payload that the rule returns', () => {
    const payload = (_: Uint8Array, topic: string): Uint8Array => bytesOf(`${topic}: hidden`)
    expect(messageOf({ payloadBytes: 100, redact: { payload } }, 'abc')).toMatchObject({
      payload: 'response/requester: hidden',
    })
  })
})
