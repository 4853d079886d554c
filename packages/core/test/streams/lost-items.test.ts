import { exchange$, type Link, type OutgoingMessage, userProperty } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import fc from 'fast-check'
import { delay, EMPTY, map, merge, of, switchMap, timer, toArray, type SchedulerLike } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { longRuns } from '../codec/runs.js'
import { chat, positionsOf, serveStreams, upload, upTo } from './stream-world.js'

/** What happens to a message of a request stream. */
type Fate = 'arrives' | 'is lost' | 'is repeated' | 'is late'

/** Returns a link whose items meet the fates, one after the other; `arrives` when there are no more. */
function withFates(link: Link, fates: readonly Fate[], scheduler: SchedulerLike): Link {
  let sent = 0
  return linkMiddleware({
    publish$: (message, next) => {
      if (!isItem(message)) return next(message)
      const fate = fates[sent++] ?? 'arrives'
      if (fate === 'is lost') return EMPTY
      if (fate === 'is repeated')
        return merge(next(message), timer(3, scheduler).pipe(switchMap(() => next(message))))
      return fate === 'is late'
        ? of(undefined).pipe(
            delay(7, scheduler),
            switchMap(() => next(message)),
          )
        : next(message)
    },
  })(link)
}

function isItem({ userProperties }: OutgoingMessage): boolean {
  return userProperty(userProperties, '__ctl') === 'item'
}

const fate = fc.constantFrom<Fate>('arrives', 'is lost', 'is repeated', 'is late')

describe('the items of a request stream', () => {
  it('are sent again when the responder repeats its credit', async () => {
    const world = await serveStreams(upload, ({ value }) =>
      value.pipe(
        toArray(),
        map((value) => String(value)),
      ),
    )
    const link = withFates(world.requester, ['arrives', 'is lost', 'arrives'], world.scheduler)
    const call = world.watch(exchange$(link, upload, ['a', 'b', 'c'], { timeout: 3_000 }))
    await world.advance(5_000)
    expect(call.values).toEqual(['a,b,c'])
    expect(positionsOf(world)).toEqual(['0', '2', '3:last', '1', '2', '3:last'])
  })

  it('arrive in order, whatever is lost, repeated or late', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 40 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 1, max: 8 }),
        async (fates, count, credit) => {
          const world = await serveStreams(chat, ({ value }) => value, { requests: { credit } })
          const link = withFates(world.requester, fates, world.scheduler)
          const call = world.watch(exchange$(link, chat, upTo(count), { timeout: 3_000 }))
          await world.advance(120_000)
          const ending = call.ending()
          expect(call.values).toEqual(upTo(call.values.length))
          if (ending === 'complete') expect(call.values).toEqual(upTo(count))
          else expect(ending).toMatchObject({ code: expect.stringMatching(/^(timeout|status)$/) as string })
        },
      ),
      { numRuns: Math.min(longRuns.numRuns, 60) },
    )
  }, 60_000)

  it('survive a lost session of the responder', async () => {
    const world = await serveStreams(
      upload,
      ({ value }) =>
        value.pipe(
          toArray(),
          map((value) => String(value)),
        ),
      {
        requests: { credit: 4 },
      },
    )
    const items$ = merge(
      ...upTo(50).map((item) => timer(Number(item) * 20, world.scheduler).pipe(map(() => item))),
    )
    const call = world.watch(exchange$(world.requester, upload, items$, { timeout: 5_000 }))
    for (const clientId of ['server', 'requester', 'server']) {
      await world.advance(200)
      world.broker.inject({ kind: 'cut', clientId, session: 'lose' })
      await world.advance(100)
      world.broker.inject({ kind: 'restore', clientId })
    }
    await world.advance(30_000)
    expect(call.values).toEqual([upTo(50).join(',')])
  })
})
