import {
  AntiphonError,
  endpoint,
  exchange$,
  gather$,
  requests$,
  serve,
  text,
  userProperty,
  withProperties,
  type GatherOptions,
  type UserProperties,
} from '@antiphon/core'
import { catchError, map, mergeMap, of, tap } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { linkOver } from '@antiphon/core/link'
import { connectionInfo } from '../link/connection-info.js'
import { completeWith, manualTransport } from '../link/manual-transport.js'
import { arrival } from '../link/messages.js'
import { bytesOf, observe, publishedBy, respondOn, responseTo } from '../observed.js'
import { inWorld, type World } from '../world.js'

const history = endpoint({
  topic: 'history',
  request: text,
  response: text,
  responses: 'many',
})

/** A message of a plain responder: its name, the position, and further User Properties. */
type Part = readonly [name: string | undefined, position: string | undefined, ...more: UserProperties]

interface Gathering {
  /** The items, completions and errors of all responders, in the order of their arrival. */
  readonly events: readonly string[]
  readonly tookTimeout: boolean
  readonly ending: 'complete' | AntiphonError | undefined
}

/** Gathers in a world, and records the streams of all responders. */
function gatherIn(world: World, options: GatherOptions = {}): Gathering {
  const events: string[] = []
  const streams$ = gather$(world.link('requester'), history, 'x', {
    timeout: 1_000,
    ...options,
  }).pipe(
    mergeMap((items$) =>
      items$.pipe(
        map((item) => `${items$.key}: ${item}`),
        tap({ complete: () => events.push(`${items$.key} completes`) }),
        catchError((error: unknown) => of(`${items$.key}: ${AntiphonError.from(error).message}`)),
      ),
    ),
    tap((event) => events.push(event)),
  )
  const call = observe(world, streams$)
  world.advance(3_000)
  return {
    events,
    tookTimeout: (call.endedAt() ?? NaN) >= 1_000,
    ending: call.ending(),
  }
}

/** Gathers the messages of plain responders. */
function gather(parts: readonly Part[], options?: GatherOptions): Gathering {
  let result: Gathering | undefined
  inWorld((world) => {
    respondOn(world, 'history', (request) =>
      parts.map(([name, position, ...more], index) => {
        const named: UserProperties = name === undefined ? [] : [['__srcId', name]]
        const positioned: UserProperties = position === undefined ? [] : [['__stream', position]]
        const payload = position?.endsWith('last') === true ? '' : `${index}`
        return responseTo(request, payload, {
          userProperties: [...named, ...positioned, ...more],
        })
      }),
    )
    world.advance(10)
    result = gatherIn(world, options)
  })
  return result as Gathering
}

describe('gather$ of an endpoint with many responses', () => {
  it('emits the stream of each responder in order, without duplicates, until each has ended', () => {
    const { events, tookTimeout, ending } = gather(
      [
        ['a', '1'],
        ['b', '0'],
        ['b', '0'],
        ['a', '0'],
        ['a', '2:last'],
        ['b', '1'],
        ['a', '2'],
        ['b', '2:last'],
      ],
      { responders: ['a', 'b'] },
    )
    expect(events).toEqual(['b: 1', 'a: 3', 'a: 0', 'a completes', 'b: 5', 'b completes'])
    expect(ending).toBe('complete')
    expect(tookTimeout).toBe(false)
  })

  it('ignores what a responder sends after the end of its stream', () => {
    const { events, ending } = gather(
      [
        ['a', '0'],
        ['a', '1:last'],
        ['a', '2'],
        ['a', '2:last'],
        ['b', '0:last'],
      ],
      { responders: ['a', 'b'] },
    )
    expect(events).toEqual(['a: 0', 'a completes', 'b completes'])
    expect(ending).toBe('complete')
  })

  it('counts a responder once, whatever it sends after the end of its stream', () => {
    const { events, tookTimeout } = gather(
      [
        ['a', '0'],
        ['a', '1:last'],
        ['a', '2:last'],
        ['a', 'nonsense'],
        ['b', '0'],
        ['b', '1:last'],
      ],
      { count: 2 },
    )
    expect(events).toEqual(['a: 0', 'a completes', 'b: 4', 'b completes'])
    expect(tookTimeout).toBe(false)
  })

  it('ends at the timeout, however late an item arrives', () => {
    inWorld((world) => {
      const userProperties: UserProperties = [
        ['__srcId', 'a'],
        ['__stream', '0'],
      ]
      respondOn(world, 'history', (request) => [responseTo(request, 'x', { userProperties })], 800)
      world.advance(10)
      const start = world.scheduler.now()
      const streams$ = gather$(world.link('requester'), history, 'x', { timeout: 1_000 })
      const call = observe(
        world,
        streams$.pipe(mergeMap((items$) => items$.pipe(catchError(() => of('failed'))))),
      )
      world.advance(5_000)
      expect(call.values).toEqual(['x', 'failed'])
      expect(call.endedAt()).toBe(start + 1_000)
    })
  })

  it('fails a stream with an item more than 1024 ahead of a missing one, and not the others', () => {
    const { events } = gather([
      ['a', '0'],
      ['a', '1025'],
      ['b', '0'],
      ['a', '1026'],
      ['b', '1:last'],
    ])
    expect(events).toEqual(['a: 0', 'b: 2', 'a: [protocol] item 1026 arrived before item 1', 'b completes'])
  })

  it('names a __stream that is no position', () => {
    const { events } = gather([
      ['a', 'first'],
      ['b', undefined],
    ])
    expect(events).toEqual([
      `a: [protocol] the response's __stream is "first"`,
      `b: [protocol] the response's __stream is missing`,
    ])
  })

  it('emits the names of the responders of this library, and of handlers that set a name', () => {
    inWorld((world) => {
      const named = { ...history, reservedProperties: ['__srcId'] }
      for (const name of ['north', 'south'])
        requests$(world.link(name), history)
          .pipe(serve(() => [`${name} 1`, `${name} 2`]))
          .subscribe()
      requests$(world.link('east'), named)
        .pipe(serve(() => [withProperties('east 1', { userProperties: [['__srcId', 'EAST']] })]))
        .subscribe()
      world.advance(50)
      const { events, tookTimeout } = gatherIn(world, { count: 3 })
      expect([...events].sort()).toEqual([
        'EAST completes',
        'EAST: east 1',
        'north completes',
        'north: north 1',
        'north: north 2',
        'south completes',
        'south: south 1',
        'south: south 2',
      ])
      expect(tookTimeout).toBe(false)
    })
  })

  it('adds no name to the items of a single responder', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'server')
      requests$(world.link('server'), history)
        .pipe(serve(() => ['1']))
        .subscribe()
      world.advance(50)
      observe(world, exchange$(world.link('requester'), history, 'x'))
      world.advance(100)
      expect(published.map(({ message }) => userProperty(message.userProperties, '__srcId'))).toEqual([
        undefined,
        undefined,
      ])
    })
  })

  it('fails the stream of a responder that fails, and goes on with the others', () => {
    const { events } = gather(
      [
        ['a', '0'],
        ['b', undefined, ['__stat', '503']],
        ['a', '1:last', ['__stat', '500']],
        ['c', undefined],
        ['d', 'nonsense'],
        ['e', '0', ['__stat', '400']],
        ['f', '2000'],
        ['a', '1'],
      ],
      { stallTimeout: 100 },
    )
    expect(events).toEqual([
      'a: 0',
      'b: [status] the responder answered 503',
      'a: [status] the responder answered 500',
      "c: [protocol] the response's __stream is missing",
      'd: [protocol] the response\'s __stream is "nonsense"',
      'e: [status] the responder answered 400',
      'f: [protocol] item 2000 arrived before item 0',
    ])
  })

  it('fails what is incomplete when the gathering ends', () => {
    const parts: readonly Part[] = [
      ['a', '0'],
      ['b', '1'],
      ['c', '0:last'],
    ]
    const incomplete = [
      'a: 0',
      'c completes',
      'a: [timeout] no item 1 of responder a until the gathering ended',
      'b: [timeout] no item 0 of responder b until the gathering ended',
    ]
    expect(gather(parts)).toEqual({
      events: incomplete,
      tookTimeout: true,
      ending: 'complete',
    })
    expect(gather(parts, { stallTimeout: 200 })).toMatchObject({
      events: incomplete,
      tookTimeout: false,
    })
    expect(gather(parts, { count: 1 })).toMatchObject({
      events: incomplete,
      tookTimeout: false,
    })
  })

  it('fails at once what names no responder, and reads names where responderOf says', () => {
    expect(
      gather(
        [
          [undefined, '0'],
          [undefined, undefined, ['__stat', '400']],
        ],
        { stallTimeout: 50 },
      ).events,
    ).toEqual([
      ': [protocol] a response names no responder: set responderOf, or let the responders send __srcId',
      ': [status] the responder answered 400',
    ])
    const responderOf: GatherOptions['responderOf'] = ({ userProperties }) => {
      const name = userProperty(userProperties, 'site')
      if (name === undefined) throw new Error('no site')
      return name
    }
    const { events } = gather(
      [
        [undefined, '0', ['site', 'x']],
        [undefined, '0'],
        [undefined, '1:last', ['site', 'x']],
      ],
      { responderOf, responders: ['x'] },
    )
    expect(events).toEqual([
      'x: 0',
      ': [protocol] a response names no responder: set responderOf, or let the responders send __srcId',
      'x completes',
    ])
  })

  it('completes at the timeout without any response', () => {
    expect(gather([])).toEqual({
      events: [],
      tookTimeout: true,
      ending: 'complete',
    })
  })

  it('limits the number of responders', () => {
    const transport = manualTransport({
      subscribe: (call) => completeWith(call, [1]),
      publish: (call) => completeWith(call, { reasonCode: 0 }),
    })
    const ends: unknown[] = []
    gather$(linkOver(transport), history, 'x').subscribe({
      error: (error: unknown) => ends.push(error),
    })
    const connection = transport.connections[0]?.subscriber
    connection?.next({ type: 'online', info: connectionInfo() })
    const request = transport.published[0]?.message
    const respond = (index: number): void => {
      const { topic, payload, correlationData } = responseTo(
        request ?? { topic: '', payload: bytesOf('') },
        'item',
      )
      const userProperties: UserProperties = [
        ['__srcId', `${index}`],
        ['__stream', '0'],
      ]
      const message = arrival(topic, '', {
        payload,
        correlationData: correlationData ?? bytesOf(''),
        userProperties,
      })
      connection?.next({
        type: 'message',
        message,
        acknowledge: () => undefined,
      })
    }
    for (let index = 0; index < 10_000; index += 1) respond(index)
    expect(ends).toEqual([])
    respond(10_000)
    expect(ends).toMatchObject([{ code: 'overflow' }])
  })

  it('stops when the subscriber leaves while an item is emitted', () => {
    inWorld((world) => {
      respondOn(world, 'history', (request) =>
        ['1', '0'].map((position) =>
          responseTo(request, position, {
            userProperties: [
              ['__srcId', 'a'],
              ['__stream', position],
            ],
          }),
        ),
      )
      world.advance(10)
      const seen: string[] = []
      const gathering = gather$(world.link('requester'), history, 'x').subscribe((items$) => {
        items$.subscribe((item) => {
          seen.push(item)
          gathering.unsubscribe()
        })
      })
      world.advance(2_000)
      expect(seen).toEqual(['0'])
    })
  })

  it('needs no sentinel and shares no credit', () => {
    inWorld((world) => {
      const link = world.link('requester')
      expect(() => gather$(link, history, 'x', { sentinel: true })).toThrow(
        'options.sentinel is true, but history has streams, which have an end: remove it',
      )
      expect(() => gather$(link, history, 'x', { credit: 5 })).toThrow(
        'options.credit is 5, but several responders share no credit: remove it',
      )
    })
  })
})
