import { requesterStats, endpoint, exchange$, idle$, logged, request$, text } from '@antiphon/core'
import { Subject, takeUntil } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { respondOn, observe, publishedBy, responseTo, textOf } from './observed.js'
import { inWorld } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describe('idle$', () => {
  it('emits idle at once without pending requests, else when the last one has settled in any way', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => (textOf(request) === 'x' ? [responseTo(request, 'y')] : []), 100)
      const requester = world.link('requester')
      const before = observe(world, idle$(requester))
      expect([before.values.length, before.ending()]).toEqual([1, 'complete'])
      world.advance(10)
      observe(world, exchange$(requester, echo, 'x'))
      observe(world, exchange$(requester, echo, 'silence', { timeout: 500 }))
      const idle = observe(world, idle$(requester))
      const cancelled = observe(world, exchange$(requester, echo, 'silence'))
      world.advance(200)
      cancelled.unsubscribe()
      expect(idle.ending()).toBeUndefined()
      world.advance(400)
      expect([idle.values.length, idle.ending(), idle.endedAt()]).toEqual([1, 'complete', 510])
    })
  })

  it('waits for the pending requests of the link and of all middleware around it', () => {
    inWorld((world) => {
      const link = world.link('requester')
      const [first, second] = [logged(() => undefined)(link), logged(() => undefined)(link)]
      const calls = [first, link].map((view) => observe(world, exchange$(view, echo, 'x')))
      const idles = [first, second, link].map((view) => observe(world, idle$(view)))
      calls[0]?.unsubscribe()
      expect(idles.map(({ ending }) => ending())).toEqual([undefined, undefined, undefined])
      calls[1]?.unsubscribe()
      expect(idles.map(({ ending }) => ending())).toEqual(['complete', 'complete', 'complete'])
    })
  })

  it('counts the pending requests of all endpoints for idle$, each of them once', () => {
    inWorld((world) => {
      const requester = world.link('requester')
      const other = endpoint({ topic: 'other', request: text, response: text })
      const [call] = [echo, other].map((called) => observe(world, exchange$(requester, called, 'x')))
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

describe('draining request$', () => {
  it('sends queued requests and completes after the last response when the source completes', () => {
    inWorld((world) => {
      respondOn(world, 'echo', (request) => [responseTo(request, textOf(request))], 100)
      const published = publishedBy(world, 'requester')
      const [requests, stop$] = [new Subject<string>(), new Subject<void>()]
      const requester = world.link('requester')
      const requests$ = requests.pipe(takeUntil(stop$))
      const responses = observe(world, requests$.pipe(request$(requester, echo, { concurrency: 1 })))
      for (const request of ['a', 'b']) requests.next(request)
      world.advance(50)
      stop$.next()
      requests.next('late')
      world.advance(1_000)
      expect(responses.values).toEqual(['a', 'b'])
      expect(responses.ending()).toBe('complete')
      // No request was cancelled.
      expect(published).toHaveLength(2)
    })
  })
})
