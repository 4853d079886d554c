import {
  requesterStats,
  endpoint,
  gather$,
  requests$,
  serve,
  text,
  type GatherOptions,
  type OutgoingMessage,
} from '@antiphon/core'
import { faultScript } from '@antiphon/testing'
import { isLeft } from 'fp-ts/lib/Either.js'
import { delay, map, of, take, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld, type World } from './world.js'

const census = endpoint({ topic: 'census', request: text, response: text })

/** Gathers what comes at the given milliseconds after the question; `at` counts from the question as well. */
function gathered(
  script: Readonly<Record<number, string>>,
  options: GatherOptions,
): { readonly answers: readonly (readonly [number, string])[]; readonly end: readonly [string, number] } {
  let result: ReturnType<typeof gathered> | undefined
  inWorld((world) => {
    const requested = publishedBy(world, 'caller')
    const requester = world.link('caller')
    const responses = observe(
      world,
      gather$(requester, census, 'who is there?', { timeout: 1_000, ...options }).pipe(
        map((response) => (isLeft(response) ? response.left.code : response.right)),
      ),
    )
    world.advance(5)
    const begin = world.scheduler.now()
    const [question] = requested
    const request: OutgoingMessage = question?.message ?? { topic: '', payload: new Uint8Array() }
    for (const [at, payload] of Object.entries(script))
      // A packet takes a millisecond.
      world.scheduler.schedule(() => void world.broker.publish(responseTo(request, payload)), Number(at) - 1)
    world.advance(10_000)
    const outcome = responses.ending()
    const since = (responses.endedAt() ?? NaN) - begin
    expect(requesterStats(requester, census).pending).toBe(0)
    result = {
      answers: responses.values.map((value, index) => [(responses.at[index] ?? NaN) - begin, value] as const),
      end: [typeof outcome === 'object' ? outcome.code : (outcome ?? 'open'), since],
    }
  })
  if (result === undefined) throw new Error('nothing was gathered')
  return result
}

describe('gather$ stops', () => {
  it('by count', () => {
    const { answers: responses, end } = gathered({ 10: 'a', 30: 'b', 50: 'c', 70: 'd' }, { count: 3 })
    expect(responses).toEqual([
      [10, 'a'],
      [30, 'b'],
      [50, 'c'],
    ])
    expect(end).toEqual(['complete', 50])
  })

  it('by total time, counted from the call', () => {
    const { answers: responses, end } = gathered({ 10: 'a', 900: 'b', 999: 'too late' }, {})
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    // The first five milliseconds went by before the question was out.
    expect(end).toEqual(['complete', 995])
  })

  it('by total time when nobody answers at all', () => {
    expect(gathered({}, { stallTimeout: 10 })).toEqual({ answers: [], end: ['complete', 995] })
  })

  it('by stall, which counts from the first reply on', () => {
    const { answers: responses, end } = gathered(
      { 400: 'a', 450: 'b', 540: 'c', 700: 'too late' },
      { stallTimeout: 100 },
    )
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b', 'c'])
    expect(end).toEqual(['complete', 640])
  })

  it('by the smaller of stall and what is left', () => {
    const { answers: responses, end } = gathered({ 900: 'a', 990: 'b' }, { stallTimeout: 100 })
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    expect(end).toEqual(['complete', 995])
  })

  it('by a sentinel, which is no answer', () => {
    const { answers: responses, end } = gathered(
      { 10: 'a', 20: 'b', 30: '', 40: 'too late' },
      { sentinel: true },
    )
    expect(responses.map(([, response]) => response)).toEqual(['a', 'b'])
    expect(end).toEqual(['complete', 30])
  })

  it('not by an empty payload unless that is the sentinel', () => {
    const { answers: responses } = gathered({ 10: 'a', 20: '', 30: 'b' }, { count: 3 })
    expect(responses.map(([, response]) => response)).toEqual(['a', '', 'b'])
  })
})

/** Responders of their own links, each with its own answer. */
function respond(world: World): void {
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
  it('has the failure of one among the answers of the others', () => {
    inWorld((world) => {
      respond(world)
      const responses = observe(
        world,
        gather$(world.link('caller'), census, 'x', { count: 3 }).pipe(
          map((response) => (isLeft(response) ? response.left.status?.code : response.right)),
        ),
      )
      world.advance(100)
      expect([...responses.values].sort()).toEqual([500, 'ann', 'cid'])
      expect(responses.ending()).toBe('complete')
    })
  })

  it('can be left early, which calls the others off', () => {
    inWorld((world) => {
      respond(world)
      const requested = publishedBy(world, 'caller')
      const responses = observe(world, gather$(world.link('caller'), census, 'x').pipe(take(1)))
      world.advance(100)
      expect(responses.ending()).toBe('complete')
      expect(requested.map(({ message }) => message.userProperties)).toEqual([undefined, [['__stat', '499']]])
    })
  })

  it('does not ask again once somebody has answered, for that one would answer twice', () => {
    inWorld((world) => {
      respond(world)
      const requested = publishedBy(world, 'caller')
      const retry = { count: 3, attemptTimeout: 100 }
      const responses = observe(world, gather$(world.link('caller'), census, 'x', { timeout: 1_000, retry }))
      world.advance(2_000)
      expect(requested.map(({ message }) => textOf(message))).toEqual(['x'])
      expect(responses.values).toHaveLength(3)
    })
  })

  it('asks again while nobody has answered', () => {
    inWorld((world) => {
      const requested = publishedBy(world, 'caller')
      const retry = { count: 3, attemptTimeout: 100 }
      observe(world, gather$(world.link('caller'), census, 'x', { timeout: 1_000, retry }))
      world.advance(2_000)
      expect(requested).toHaveLength(4)
    })
  })

  it('fails when the question could not be asked in its time', () => {
    inWorld((world) => {
      world.broker.play(faultScript('d'))
      const responses = observe(world, gather$(world.link('caller'), census, 'x', { timeout: 1_000 }))
      world.advance(2_000)
      expect(responses.ending()).toMatchObject({ code: 'timeout', phase: 'before-network' })
    })
  })

  it.each(['publish-refused', 'no-responder', 'link-closed'] as const)('fails with %s', (code) => {
    inWorld((world) => {
      if (code === 'publish-refused') world.broker.refusePublish('census', 0x87)
      const requester = world.link('caller')
      const responses = observe(world, gather$(requester, census, 'x', { failFast: code === 'no-responder' }))
      world.advance(50)
      if (code === 'link-closed') void requester.close()
      world.advance(3_000)
      expect(responses.ending()).toMatchObject({ code })
    })
  })

  it('fails when the question does not encode', () => {
    inWorld((world) => {
      const responses = observe(world, gather$(world.link('caller'), census, '\ud800'))
      expect(responses.ending()).toMatchObject({ code: 'encode' })
    })
  })
})
