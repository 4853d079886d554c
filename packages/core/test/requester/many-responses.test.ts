import {
  requesterStats,
  endpoint,
  exchange$,
  text,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import { take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe, publishedBy, responseTo, textOf, type Observed, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const numbers = endpoint({ topic: 'numbers', request: text, response: text, responses: 'many' })

/** A call of a `many` endpoint whose replies the test sends. */
interface Stage {
  readonly world: World
  readonly call: Observed<string>
  readonly asked: readonly PublishedMessage[]
  /** Sends the item, or the end, that stands at a place. */
  readonly item: (place: string, status?: UserProperties) => void
  readonly counts: () => ReturnType<typeof requesterStats>
}

function onStage(
  test: (stage: Stage) => void,
  options: Parameters<typeof exchange$>[3] = {},
  items = Infinity,
): void {
  inWorld((world) => {
    const requested = publishedBy(world, 'caller')
    const requester = world.link('caller')
    const response$ = exchange$(requester, numbers, 'go', { timeout: 1_000, ...options })
    const call = observe(world, items === Infinity ? response$ : response$.pipe(take(items)))
    world.advance(10)
    const [question] = requested
    const item: Stage['item'] = (place, status = [['__stat', '200']]) => {
      const request: OutgoingMessage = question?.message ?? { topic: '', payload: new Uint8Array() }
      const payload = place.endsWith(':last') ? '' : `item ${place}`
      world.broker.publish(responseTo(request, payload, { userProperties: [...status, ['__stream', place]] }))
      world.advance(2)
    }
    test({ world, call, asked: requested, item, counts: () => requesterStats(requester, numbers) })
  })
}

const failure: UserProperties = [['__stat', '500']]
const end: UserProperties = [['__stat', '204']]

describe('many replies', () => {
  it('are items, then the end, on one counter from 0', () => {
    onStage(({ call, item, counts }) => {
      for (const place of ['0', '1', '2']) item(place)
      expect(call.ending()).toBeUndefined()
      item('3:last', end)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2'])
      expect(call.ending()).toBe('complete')
      expect(counts()).toMatchObject({ pending: 0, responded: 1 })
    })
  })

  it('may be none', () => {
    onStage(({ call, item }) => {
      item('0:last', end)
      expect(call.values).toEqual([])
      expect(call.ending()).toBe('complete')
    })
  })

  it('are given as they come, before the end', () => {
    onStage(({ call, item }) => {
      item('0')
      expect(call.values).toEqual(['item 0'])
    })
  })

  it('that come out of turn are put in order', () => {
    onStage(({ call, item }) => {
      for (const place of ['2', '4:last', '0']) item(place, place.endsWith('last') ? end : undefined)
      expect(call.values).toEqual(['item 0'])
      for (const place of ['3', '1']) item(place)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2', 'item 3'])
      expect(call.ending()).toBe('complete')
    })
  })

  it('that come twice are dropped', () => {
    onStage(({ call, item }) => {
      for (const place of ['0', '0', '2', '2', '1', '1', '0']) item(place)
      item('3:last', end)
      expect(call.values).toEqual(['item 0', 'item 1', 'item 2'])
    })
  })

  it('with a gap that is not repaired fail, naming the item', () => {
    onStage(({ world, call, item, counts }) => {
      for (const place of ['0', '2', '3']) item(place)
      world.advance(2_000)
      expect(call.values).toEqual(['item 0'])
      expect(call.ending()).toMatchObject({
        code: 'timeout',
        message: expect.stringMatching(/item 1 did not come .* 2 later ones did/) as string,
      })
      expect(counts()).toMatchObject({ pending: 0, timedOut: 1 })
    })
  })

  it('with a gap before a failure fail with that failure, when the gap stays', () => {
    onStage(({ world, call, item }) => {
      item('0')
      item('2:last', failure)
      world.advance(500)
      expect(call.ending()).toBeUndefined()
      world.advance(2_000)
      expect(call.values).toEqual(['item 0'])
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
    })
  })

  it('with an error after k items fail after k items', () => {
    onStage(({ call, item, counts }) => {
      item('2:last', failure)
      item('1')
      expect(call.ending()).toBeUndefined()
      item('0')
      expect(call.values).toEqual(['item 0', 'item 1'])
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 500 } })
      expect(counts()).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('too far ahead of a missing one fail at once', () => {
    onStage(({ call, item }) => {
      item('2000')
      expect(call.ending()).toMatchObject({ code: 'protocol' })
    })
  })

  it.each(['', 'x', '-1', '1.5', '0:first', '1 ', '9'.repeat(20)])('at no place (%j) fail', (place) => {
    onStage(({ call, item }) => {
      item(place)
      expect(call.ending()).toMatchObject({ code: 'protocol' })
    })
  })

  it('of a failure without a place, such as a 503, fail with it', () => {
    onStage(({ world, call, asked: requested }) => {
      const [request] = requested
      if (request === undefined) throw new Error('nothing was asked')
      world.broker.publish(responseTo(request.message, '', { userProperties: [['__stat', '503']] }))
      world.advance(2)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
    })
  })

  it('fail when they fall silent for the timeout; each is a sign of life', () => {
    onStage(({ world, call, item }) => {
      world.advance(900)
      for (const place of ['0', '1', '2']) {
        item(place)
        world.advance(900)
      }
      expect(call.ending()).toBeUndefined()
      const last = call.at.at(-1) ?? 0
      world.advance(1_000)
      expect(call.ending()).toMatchObject({ code: 'timeout' })
      expect(call.endedAt()).toBe(last + 1_000)
    })
  })

  it('are called off by the caller who has enough', () => {
    onStage(
      ({ call, item, asked: requested, world, counts }) => {
        for (const place of ['0', '1', '2']) item(place)
        world.advance(10)
        expect(call.values).toEqual(['item 0', 'item 1'])
        expect(requested.map(({ message }) => message.userProperties)).toEqual([
          [['__credit', '2']],
          [['__grant', '1']],
          [['__stat', '499']],
        ])
        expect(counts()).toMatchObject({ pending: 0, cancelled: 1 })
      },
      { credit: 2 },
      2,
    )
  })

  it('are granted half a credit at a time', () => {
    onStage(
      ({ asked: requested, item, world }) => {
        for (let index = 0; index < 10; index++) item(String(index))
        world.advance(10)
        expect(requested.map(({ message }) => message.userProperties)).toEqual([
          [['__credit', '6']],
          [['__grant', '3']],
          [['__grant', '3']],
          [['__grant', '3']],
        ])
        const [request, info] = requested.map(({ message }) => message)
        expect(info).toMatchObject({
          topic: 'numbers',
          payload: new Uint8Array(),
          correlationData: request?.correlationData,
          responseTopic: request?.responseTopic,
        })
      },
      { credit: 6 },
    )
  })

  it('have no credit where the caller names none', () => {
    onStage(({ asked: requested, item, world }) => {
      for (let index = 0; index < 100; index++) item(String(index))
      world.advance(10)
      expect(requested).toHaveLength(1)
      expect(requested[0]?.message.userProperties).toBeUndefined()
    })
  })

  it('that have begun are not asked for again', () => {
    onStage(
      ({ asked: requested, item, world }) => {
        item('0')
        world.advance(800)
        item('1')
        world.advance(800)
        expect(requested).toHaveLength(1)
      },
      { retry: { count: 3 } },
    )
  })

  it('that never began are asked for again, and in the end given up', () => {
    onStage(
      ({ asked: requested, call, world }) => {
        world.advance(5_000)
        expect(requested.map(({ message }) => textOf(message))).toEqual(['go', 'go', 'go'])
        expect(call.ending()).toMatchObject({ code: 'timeout' })
        expect(call.endedAt()).toBe(1_000)
      },
      { retry: { count: 2, on: () => true } },
    )
  })
})
