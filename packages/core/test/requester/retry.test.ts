import { endpoint, exchange$, text, type AntiphonError, type RetryOptions } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, publishedBy, responseTo, type Observed, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })
const steady = { initial: 100, maximum: 1_000, jitter: 0 }

/** What was answered to the attempts, one after the other: a status, or success. */
type Answers = readonly (number | 'success')[]

interface Asked {
  readonly world: World
  readonly call: Observed<string>
  readonly attempts: readonly PublishedMessage[]
}

/** Asks once, of a peer that answers each attempt as it is told to. */
function requesting(
  retry: RetryOptions,
  responses: Answers,
  test: (requested: Asked) => void,
  timeout = 5_000,
): void {
  inWorld((world) => {
    const attempts = publishedBy(world, 'caller')
    let answered = 0
    respondOn(world, 'echo', (request) => {
      const response = responses[answered++]
      if (response === undefined) return []
      return [
        responseTo(
          request,
          'answer',
          response === 'success' ? {} : { userProperties: [['__stat', `${response}`]] },
        ),
      ]
    })
    world.advance(10)
    const call = observe(world, exchange$(world.link('caller'), echo, 'x', { timeout, retry }))
    test({ world, call, attempts })
  })
}

/** The milliseconds between one attempt and the next. */
function waits(attempts: readonly PublishedMessage[]): readonly number[] {
  return attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? NaN))
}

describe('a failure that is worth another attempt', () => {
  it('is asked again after a wait that grows, under the same correlation', () => {
    requesting({ count: 3, backOff: steady }, [503, 503, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(call.values).toEqual(['answer'])
      // There and back, and the millisecond the peer takes: 4 of each wait.
      expect(waits(attempts)).toEqual([104, 204, 404])
      expect(new Set(attempts.map(({ message }) => String(message.correlationData))).size).toBe(1)
    })
  })

  it('is the end after the last attempt', () => {
    requesting({ count: 1, backOff: steady }, [503, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(attempts).toHaveLength(2)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: 503 } })
    })
  })

  it('leaves no more time than there was: what comes too late is not asked', () => {
    requesting(
      { count: 5, backOff: { ...steady, initial: 800 } },
      [503, 503, 503],
      ({ world, call, attempts }) => {
        world.advance(5_000)
        expect(attempts).toHaveLength(2)
        expect(call.ending()).toMatchObject({ code: 'timeout' })
        expect(attempts.map(({ message }) => message.messageExpiryInterval)).toEqual([2, 1])
      },
      1_500,
    )
  })

  it.each([400, 408, 415, 499, 500, 505])('is not a %d, by default', (status) => {
    requesting({ count: 3, backOff: steady }, [status, 'success'], ({ world, call }) => {
      world.advance(5_000)
      expect(call.ending()).toMatchObject({ code: 'status', status: { code: status } })
    })
  })

  it('is what the caller says it is', () => {
    const on = ({ status }: AntiphonError): boolean => status?.code === 500
    requesting({ count: 3, backOff: steady, on }, [500, 503, 'success'], ({ world, call, attempts }) => {
      world.advance(5_000)
      expect(attempts).toHaveLength(2)
      expect(call.ending()).toMatchObject({ status: { code: 503 } })
    })
  })

  it('is a question that the broker refuses', () => {
    requesting({ count: 2, backOff: steady }, ['success'], ({ world, call, attempts }) => {
      const relent = world.broker.refusePublish('echo', 0x97)
      world.advance(50)
      expect(call.ending()).toBeUndefined()
      relent()
      world.advance(500)
      expect(call.values).toEqual(['answer'])
      expect(attempts.map(({ reasonCode }) => reasonCode)).toEqual([0x97, 0])
    })
  })
})
