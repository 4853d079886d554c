import {
  requesterStats,
  endpoint,
  gather$,
  requests$,
  serve,
  text,
  type ConnectionInfo,
  type GatherOptions,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import { faultScript } from '@antiphon/testing'
import { isLeft } from 'fp-ts/lib/Either.js'
import { delay, map, of, take, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { split } from '../src/chunk/split.js'
import { observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld, type World } from './world.js'

const census = endpoint({ topic: 'census', request: text, response: text })

/** Runs `gather$` with responses at the scripted milliseconds after the request, and returns its events on the same clock. */
function gather(
  script: Readonly<Record<number, string>>,
  options: GatherOptions,
): { readonly responses: readonly (readonly [number, string])[]; readonly end: readonly [string, number] } {
  let result: ReturnType<typeof gather> | undefined
  inWorld((world) => {
    const published = publishedBy(world, 'requester')
    const requester = world.link('requester')
    const responses = observe(
      world,
      gather$(requester, census, 'who is there?', { timeout: 1_000, ...options }).pipe(
        map((response) => (isLeft(response) ? response.left.code : response.right)),
      ),
    )
    world.advance(5)
    const begin = world.scheduler.now()
    const [sent] = published
    const request: OutgoingMessage = sent?.message ?? { topic: '', payload: new Uint8Array() }
    for (const [at, payload] of Object.entries(script))
      // Each packet takes a millisecond.
      world.scheduler.schedule(() => void world.broker.publish(responseTo(request, payload)), Number(at) - 1)
    world.advance(10_000)
    const outcome = responses.ending()
    const since = (responses.endedAt() ?? NaN) - begin
    expect(requesterStats(requester, census).pending).toBe(0)
    result = {
      responses: responses.values.map(
        (value, index) => [(responses.at[index] ?? NaN) - begin, value] as const,
      ),
      end: [typeof outcome === 'object' ? outcome.code : (outcome ?? 'open'), since],
    }
  })
  if (result === undefined) throw new Error('no result')
  return result
}

describe('completion of gather$', () => {
  it('stops gathering after `count` responses', () => {
    const { responses, end } = gather({ 10: 'a', 30: 'b', 50: 'c', 70: 'd' }, { count: 3 })
    expect(responses).toEqual([
      [10, 'a'],
      [30, 'b'],
      [50, 'c'],
    ])
    expect(end).toEqual(['complete', 50])
  })

  it('stops gathering after the timeout, counted from the subscription', () => {
    const { responses, end } = gather({ 10: 'a', 900: 'b', 999: 'too late' }, {})
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    // The first five milliseconds passed before the request was published.
    expect(end).toEqual(['complete', 995])
  })

  it('stops gathering after the timeout without any response', () => {
    expect(gather({}, { stallTimeout: 10 })).toEqual({ responses: [], end: ['complete', 995] })
  })

  it('stops gathering after stallTimeout, counted from the latest response', () => {
    const { responses, end } = gather(
      { 400: 'a', 450: 'b', 540: 'c', 700: 'too late' },
      { stallTimeout: 100 },
    )
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b', 'c'])
    expect(end).toEqual(['complete', 640])
  })

  it('stops gathering after the timeout if it elapses before stallTimeout', () => {
    const { responses, end } = gather({ 900: 'a', 990: 'b' }, { stallTimeout: 100 })
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    expect(end).toEqual(['complete', 995])
  })

  it('stops gathering on the sentinel without emitting it', () => {
    const { responses, end } = gather({ 10: 'a', 20: 'b', 30: '', 40: 'too late' }, { sentinel: true })
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    expect(end).toEqual(['complete', 30])
  })

  it('emits an empty payload when gathering without sentinel', () => {
    const { responses } = gather({ 10: 'a', 20: '', 30: 'b' }, { count: 3 })
    expect(responses.map(([, response]) => response)).toEqual(['a', '', 'b'])
  })
})

/** Starts three responders on their own links: two respond with their names, one fails. */
function serveCensus(world: World): void {
  for (const name of ['ann', 'bob', 'cid'])
    requests$(world.link(name), census)
      .pipe(
        serve(() =>
          name === 'bob' ? throwError(() => new Error('no')) : of(name).pipe(delay(10, world.scheduler)),
        ),
      )
      .subscribe()
  world.advance(50)
}

describe('gather$', () => {
  it('emits the failure of one responder as a Left among the responses of the others', () => {
    inWorld((world) => {
      serveCensus(world)
      const responses = observe(
        world,
        gather$(world.link('requester'), census, 'x', { count: 3 }).pipe(
          map((response) => (isLeft(response) ? response.left.status?.code : response.right)),
        ),
      )
      world.advance(100)
      expect([...responses.values].sort()).toEqual([500, 'ann', 'cid'])
      expect(responses.ending()).toBe('complete')
    })
  })

  it('sends no exchange control message, as a control topic would name one of its responders', () => {
    inWorld((world) => {
      serveCensus(world)
      const published = publishedBy(world, 'requester')
      const responses = observe(world, gather$(world.link('requester'), census, 'x').pipe(take(1)))
      world.advance(100)
      expect(responses.ending()).toBe('complete')
      expect(published.map(({ message }) => message.userProperties)).toEqual([undefined])
    })
  })

  it('does not retry a gathering request after the first response, so that no responder responds twice', () => {
    inWorld((world) => {
      serveCensus(world)
      const published = publishedBy(world, 'requester')
      const retry = { count: 3, attemptTimeout: 100 }
      const responses = observe(
        world,
        gather$(world.link('requester'), census, 'x', { timeout: 1_000, retry }),
      )
      world.advance(2_000)
      expect(published.map(({ message }) => textOf(message))).toEqual(['x'])
      expect(responses.values).toHaveLength(3)
    })
  })

  it('retries a gathering request while there is no response', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const retry = { count: 3, attemptTimeout: 100 }
      observe(world, gather$(world.link('requester'), census, 'x', { timeout: 1_000, retry }))
      world.advance(2_000)
      expect(published).toHaveLength(4)
    })
  })

  it('fails gathering with timeout when the request could not be published in time', () => {
    inWorld((world) => {
      world.broker.play(faultScript('d'))
      const responses = observe(world, gather$(world.link('requester'), census, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(responses.ending()).toMatchObject({ code: 'timeout', phase: 'before-network' })
    })
  })

  it.each(['publish-refused', 'no-responder', 'link-closed'] as const)('fails gathering with %s', (code) => {
    inWorld((world) => {
      if (code === 'publish-refused') world.broker.refusePublish('census', 0x87)
      const requester = world.link('requester')
      const responses = observe(world, gather$(requester, census, 'x', { failFast: code === 'no-responder' }))
      world.advance(50)
      if (code === 'link-closed') void requester.close()
      world.advance(3_000)
      expect(responses.ending()).toMatchObject({ code })
    })
  })

  it('fails gathering when the request cannot be encoded', () => {
    inWorld((world) => {
      const responses = observe(world, gather$(world.link('requester'), census, '\ud800'))
      expect(responses.ending()).toMatchObject({ code: 'encode' })
    })
  })
})

describe('gather$ with responses of the same request', () => {
  it('assembles the chunks of each responder separately, also if their responses are equal', () => {
    inWorld(
      (world) => {
        const published = publishedBy(world, 'requester')
        const requester = world.link('requester')
        const responses = observe(world, gather$(requester, census, 'x', { count: 3 }))
        world.advance(20)
        const request = published[0]?.message ?? { topic: '', payload: new Uint8Array() }
        let info: ConnectionInfo | undefined
        requester.state$.subscribe((state) => (info = state.status === 'online' ? state.info : info))
        const [ann, bob, bobToo] = ['a', 'b', 'b'].map((letter) =>
          split(responseTo(request, letter.repeat(500)), info),
        )
        const length = ann?.length ?? 0
        expect(length).toBeGreaterThan(2)
        for (let index = 0; index < length; index++)
          for (const chunks of index % 2 === 0 ? [ann, bob, bobToo] : [bobToo, bob, ann]) {
            const chunk = chunks?.[index]
            if (chunk !== undefined) world.broker.publish(chunk)
          }
        world.advance(20)
        const values = responses.values.map((response) => (isLeft(response) ? response.left : response.right))
        expect(values.sort()).toEqual(['a'.repeat(500), 'b'.repeat(500), 'b'.repeat(500)])
        expect(responses.ending()).toBe('complete')
      },
      { limits: { maximumPacketSize: 256 } },
    )
  })

  it('counts a response once that its responder sends again without DUP, if responses name their responders', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const responses = observe(world, gather$(world.link('requester'), census, 'x'))
      world.advance(20)
      const request = published[0]?.message ?? { topic: '', payload: new Uint8Array() }
      const respond = (payload: string, name: string, timestamp: string): void =>
        void world.broker.publish(
          responseTo(request, payload, {
            userProperties: [
              ['__srcId', name],
              ['__ts', timestamp],
            ],
          }),
        )
      respond('here', 'a', '1')
      respond('here', 'b', '2')
      respond('here', 'a', '3')
      respond('gone', 'a', '4')
      world.advance(20)
      expect(responses.values).toMatchObject([{ right: 'here' }, { right: 'here' }, { right: 'gone' }])
    })
  })

  it('tells apart the chunks of foreign responders without chunk ids, by the responder or the size', () => {
    inWorld(
      (world) => {
        const published = publishedBy(world, 'requester')
        const requester = world.link('requester')
        const responses = observe(world, gather$(requester, census, 'x', { count: 4 }))
        world.advance(20)
        const request = published[0]?.message ?? { topic: '', payload: new Uint8Array() }
        let info: ConnectionInfo | undefined
        requester.state$.subscribe((state) => (info = state.status === 'online' ? state.info : info))
        const chunksOf = (payload: string, properties: UserProperties) =>
          split(responseTo(request, payload, { userProperties: properties }), info).map((chunk) => ({
            ...chunk,
            userProperties: (chunk.userProperties ?? []).filter(([name]) => name !== '__chunkId'),
          }))
        const named = ['a', 'b'].map((name) => chunksOf(name.repeat(500), [['__srcId', name]]))
        const bySize = [
          ['c', 400],
          ['d', 500],
        ].map(([name, size]) => chunksOf(String(name).repeat(Number(size)), []))
        for (let index = 0; index < 10; index++)
          for (const chunks of [...named, ...bySize]) {
            const chunk = chunks[index]
            if (chunk !== undefined) world.broker.publish(chunk)
          }
        world.advance(20)
        const values = responses.values.map((response) => (isLeft(response) ? response.left : response.right))
        expect(values.map((value) => String(value).slice(0, 1)).sort()).toEqual(['a', 'b', 'c', 'd'])
      },
      { limits: { maximumPacketSize: 256 } },
    )
  })

  it('emits chunks that cannot be assembled as a Left among the other responses', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const responses = observe(world, gather$(world.link('requester'), census, 'x', { count: 2 }))
      world.advance(20)
      const request = published[0]?.message ?? { topic: '', payload: new Uint8Array() }
      world.broker.publish(responseTo(request, 'x', { userProperties: [['__chunk', '0:1:5:00000000']] }))
      world.broker.publish(responseTo(request, 'here'))
      world.advance(20)
      expect(responses.values).toMatchObject([{ left: { code: 'protocol' } }, { right: 'here' }])
      expect(responses.ending()).toBe('complete')
    })
  })

  it.each([10, 500])('counts a redelivered response of %d bytes once', (length) => {
    inWorld(
      (world) => {
        for (const [index, name] of ['a', 'b'].entries())
          requests$(world.link(name), census)
            .pipe(serve(() => of(name.repeat(length)).pipe(delay(10 + 500 * index, world.scheduler))))
            .subscribe()
        world.advance(50)
        const requester = world.link('requester')
        world.broker.inject({ kind: 'duplicate', topic: 'response/requester', clientId: 'requester' })
        const responses = observe(world, gather$(requester, census, 'x', { count: 2 }))
        world.advance(2_000)
        const values = responses.values.map((response) => (isLeft(response) ? response.left : response.right))
        expect(values).toEqual(['a'.repeat(length), 'b'.repeat(length)])
        expect(responses.ending()).toBe('complete')
      },
      { limits: { maximumPacketSize: 256 } },
    )
  })
})
