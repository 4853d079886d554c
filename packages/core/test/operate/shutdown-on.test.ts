import { endpoint, exchange$, requests$, serve, text, type Link } from '@antiphon/core'
import { shutdownOn, type Shutdown, type ShutdownOptions } from '@antiphon/core/operations'
import { EventEmitter } from 'node:events'
import { delay, NEVER, of } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { observe } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

/** A shutdown whose process is an emitter, and what became of its link. */
function shutdownOf(
  world: World,
  link: Link,
  options: ShutdownOptions = {},
): Shutdown & { readonly process: EventEmitter; readonly states: () => readonly string[] } {
  const process = new EventEmitter()
  const { values } = observe(world, link.state$)
  const shutdown = shutdownOn(['SIGTERM', 'SIGINT'], link, { process, ...options })
  return { ...shutdown, process, states: () => values.map(({ status }) => status) }
}

describe('shutdownOn', () => {
  it('drains responders and pending requests, then closes the link', () => {
    inWorld((world) => {
      const { link, advance, scheduler } = world
      const server = link('server')
      const { drain$, process, states } = shutdownOf(world, server)
      const served = observe(
        world,
        requests$(server, echo, { drain$ }).pipe(serve(({ value }) => of(value).pipe(delay(500, scheduler)))),
      )
      const slow = endpoint({ topic: 'slow', request: text, response: text })
      requests$(link('other'), slow)
        .pipe(serve(({ value }) => of(value).pipe(delay(2_000, scheduler))))
        .subscribe()
      advance(50)
      const own = observe(world, exchange$(server, slow, 'y'))
      const response = observe(world, exchange$(link('requester'), echo, 'x'))
      advance(100)
      process.emit('SIGTERM')
      advance(1_000)
      expect(response.values).toEqual(['x'])
      expect(served.ending()).toBe('complete')
      expect(states()).not.toContain('closed')
      advance(2_000)
      expect(own.values).toEqual(['y'])
      expect(states()).toContain('closed')
      expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(0)
    })
  })

  it.each<[outcome: string, end: (process: EventEmitter, advance: World['advance']) => void]>([
    ['timed-out', (_, advance) => advance(3_000)],
    ['interrupted', (process) => process.emit('SIGINT')],
  ])('closes the link at once when it is %s', async (outcome, end) => {
    let done: Promise<string> | undefined
    inWorld((world) => {
      const { link, advance } = world
      const server = link('server')
      const shutdown = shutdownOf(world, server, { timeout: 3_000 })
      done = shutdown.done
      requests$(server, echo, { drain$: shutdown.drain$ })
        .pipe(serve(() => NEVER))
        .subscribe()
      exchange$(link('requester'), echo, 'x').subscribe({ error: () => undefined })
      advance(100)
      shutdown.start()
      shutdown.start()
      advance(100)
      expect(shutdown.states()).not.toContain('closed')
      end(shutdown.process, advance)
      advance(3_000)
      expect(shutdown.states()).toContain('closed')
    })
    expect(await done).toBe(outcome)
  })

  it('drains a responder that starts after the signal, and closes a link without responders', async () => {
    let done: Promise<string> | undefined
    inWorld((world) => {
      const shutdown = shutdownOf(world, world.link('idle'))
      done = shutdown.done
      world.advance(50)
      shutdown.process.emit('SIGINT')
      const late = observe(world, shutdown.drain$)
      world.advance(100)
      expect(shutdown.states()).toContain('closed')
      expect(late.values).toHaveLength(1)
      late.unsubscribe()
    })
    expect(await done).toBe('drained')
  })

  it('uses the process of Node', () => {
    inWorld(({ link }) => {
      const before = process.listenerCount('SIGUSR2')
      const { start } = shutdownOn('SIGUSR2', link('client'))
      expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
      start()
      expect(process.listenerCount('SIGUSR2')).toBe(before)
    })
  })

  it('needs a process', () => {
    vi.stubGlobal('process', undefined)
    try {
      inWorld(({ link }) => {
        expect(() => shutdownOn('SIGTERM', link('a'))).toThrow('options.process is missing')
      })
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('rejects unknown options', () => {
    inWorld(({ link }) => {
      expect(() => shutdownOn('SIGTERM', link('a'), { timeOut: 1 } as never)).toThrow('did you mean timeout?')
    })
  })
})
