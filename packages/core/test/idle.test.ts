import { countsOf, endpoint, exchange$, idle$, request$, text } from '@antiphon/core'
import { Subject, takeUntil } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { answering, observe, publishedBy, replyTo, textOf } from './observed.js'
import { inWorld } from './world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

describe('idle$', () => {
  it('emits at once where nothing is open, else when the last open question is settled, however', () => {
    inWorld((world) => {
      answering(world, 'echo', (asked) => (textOf(asked) === 'x' ? [replyTo(asked, 'y')] : []), 100)
      const caller = world.link('caller')
      const before = observe(world, idle$(caller))
      expect([before.values.length, before.ending()]).toEqual([1, 'complete'])
      world.advance(10)
      observe(world, exchange$(caller, echo, 'x'))
      observe(world, exchange$(caller, echo, 'silence', { timeout: 500 }))
      const idle = observe(world, idle$(caller))
      const left = observe(world, exchange$(caller, echo, 'silence'))
      world.advance(200)
      left.unsubscribe()
      expect(idle.ending()).toBeUndefined()
      world.advance(400)
      expect([idle.values.length, idle.ending(), idle.endedAt()]).toEqual([1, 'complete', 510])
    })
  })

  it('counts the questions of all endpoints, and none twice', () => {
    inWorld((world) => {
      const caller = world.link('caller')
      const other = endpoint({ topic: 'other', request: text, response: text })
      const [call] = [echo, other].map((one) => observe(world, exchange$(caller, one, 'x')))
      const idle = observe(world, idle$(caller))
      call?.unsubscribe()
      call?.unsubscribe()
      expect(idle.ending()).toBeUndefined()
      void caller.close()
      world.advance(5_000)
      expect([countsOf(caller, echo).pending, idle.ending()]).toEqual([0, 'complete'])
    })
  })
})

describe('a caller that drains', () => {
  it('ends its questions: what is open or waits is answered, then the stream completes', () => {
    inWorld((world) => {
      answering(world, 'echo', (asked) => [replyTo(asked, textOf(asked))], 100)
      const asked = publishedBy(world, 'caller')
      const [questions, stop$] = [new Subject<string>(), new Subject<void>()]
      const caller = world.link('caller')
      const questions$ = questions.pipe(takeUntil(stop$))
      const answers = observe(world, questions$.pipe(request$(caller, echo, { concurrency: 1 })))
      for (const question of ['a', 'b']) questions.next(question)
      world.advance(50)
      stop$.next()
      questions.next('late')
      world.advance(1_000)
      expect(answers.values).toEqual(['a', 'b'])
      expect(answers.ending()).toBe('complete')
      // No question was called off.
      expect(asked).toHaveLength(2)
    })
  })
})
