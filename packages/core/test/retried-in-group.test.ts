import { endpoint, exchange$, requests$, serve, text, type ServeRecord } from '@antiphon/core'
import { delay, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { observe } from './observed.js'
import { inWorld, type World } from './world.js'

const jobs = endpoint({ topic: 'jobs', request: text, response: text })

/** Serves jobs of a second as a member of a group that handles one at a time and receives two. */
function startMember(world: World, clientId: string, started: string[]): readonly ServeRecord[] {
  const records = observe(
    world,
    requests$(world.link(clientId, { receiveMaximum: 2 }), jobs, { group: 'workers' }).pipe(
      serve(
        ({ value }) => {
          started.push(`${clientId} starts ${value}`)
          return of(`${value} by ${clientId}`).pipe(delay(1_000, world.scheduler))
        },
        { concurrency: 1, queue: 10 },
      ),
    ),
  )
  return records.values
}

describe('a request that the broker has kept for a busy member of a group', () => {
  it('is handled once, by the member that has got it again', () => {
    inWorld((world) => {
      const started: string[] = []
      const records = startMember(world, 'busy', started)
      world.advance(50)
      const requester = world.link('requester')
      for (const value of ['1', '2', '3'])
        observe(world, exchange$(requester, jobs, value, { timeout: 20_000 }))
      world.advance(50)
      const retry = { count: 3, attemptTimeout: 200 }
      const call = observe(world, exchange$(requester, jobs, 'kept', { timeout: 20_000, retry }))
      world.advance(50)
      startMember(world, 'idle', started)
      world.advance(19_000)
      expect(call.values).toEqual(['kept by idle'])
      expect(started.filter((text) => text.endsWith('kept'))).toEqual(['idle starts kept'])
      expect(records.map(({ outcome }) => outcome)).toContain('cancelled')
    })
  })
})
