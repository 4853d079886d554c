import { requesterStats, endpoint, exchange$, idle$, request$, text } from '@antiphon/core'
import { Subject, takeUntil } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describe('idle$', () => {
  it('emits at once where nothing is open, else when the last open question is settled, however', () => {
    inWorld((world) => {
      respondOn(
        world,
        'echo',
        (requested) => (textOf(requested) === 'x' ? [responseTo(requested, 'y')] : []),
        100,
      )
      const requester = world.link('caller')
      const before = observe(world, idle$(requester))
      expect([before.values.length, before.ending()]).toEqual([1, 'complete'])
      world.advance(10)
      observe(world, exchange$(requester, echo, 'x'))
      observe(world, exchange$(requester, echo, 'silence', { timeout: 500 }))
      const idle = observe(world, idle$(requester))
      const left = observe(world, exchange$(requester, echo, 'silence'))
      world.advance(200)
      left.unsubscribe()
      expect(idle.ending()).toBeUndefined()
      world.advance(400)
      expect([idle.values.length, idle.ending(), idle.endedAt()]).toEqual([1, 'complete', 510])
    })
  })

  it('counts the questions of all endpoints, and none twice', () => {
    inWorld((world) => {
      const requester = world.link('caller')
      const other = endpoint({ topic: 'other', request: text, response: text })
      const [call] = [echo, other].map((one) => observe(world, exchange$(requester, one, 'x')))
      const idle = observe(world, idle$(requester))
      call?.unsubscribe()
      call?.unsubscribe()
      expect(idle.ending()).toBeUndefined()
      void requester.close()
      world.advance(5_000)
      expect([requesterStats(requester, echo).pending, idle.ending()]).toEqual([0, 'complete'])
    })
  })
})

describe('a caller that drains', () => {
  it('ends its questions: what is open or waits is answered, then the stream completes', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (requested) => [responseTo(requested, textOf(requested))], 100)
      const requested = publishedBy(world, 'caller')
      const [requests, stop$] = [new Subject<string>(), new Subject<void>()]
      const requester = world.link('caller')
      const requests$ = requests.pipe(takeUntil(stop$))
      const responses = observe(world, requests$.pipe(request$(requester, echo, { concurrency: 1 })))
      for (const request of ['a', 'b']) requests.next(request)
      world.advance(50)
      stop$.next()
      requests.next('late')
      world.advance(1_000)
      expect(responses.values).toEqual(['a', 'b'])
      expect(responses.ending()).toBe('complete')
      // No question was called off.
      expect(requested).toHaveLength(2)
    })
  })
})
