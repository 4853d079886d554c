import { request$, requests$, serve, type AcknowledgeMode, type Link } from '@antiphon/core'
import { catchError, delay, EMPTY, from, mergeMap, of, type Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { inWorld, type World } from '../world.js'
import { echo } from './with-responder.js'

/** What happens while `1` is handled, `2` waits for its handler, and `3` is still at the broker. */
type Event = 'crash' | 'lost session' | 'dead group member'

interface Cell {
  readonly mode: AcknowledgeMode
  readonly event: Event
  /** The requests that are answered without a retry of the requester; all are with one. */
  readonly answered: readonly string[]
  /** The handlers that start, without a retry. */
  readonly started: readonly string[]
}

/** The table of docs/guide/acknowledge-requests.md. */
const cells: readonly Cell[] = [
  { mode: 'on-start', event: 'crash', answered: ['2', '3'], started: ['1', '2', '3'] },
  { mode: 'after-response', event: 'crash', answered: ['1', '2', '3'], started: ['1', '1', '2', '3'] },
  { mode: 'on-receipt', event: 'crash', answered: [], started: ['1'] },
  { mode: 'on-start', event: 'lost session', answered: ['1', '2'], started: ['1', '2'] },
  { mode: 'after-response', event: 'lost session', answered: ['1'], started: ['1'] },
  { mode: 'on-receipt', event: 'lost session', answered: ['1', '2', '3'], started: ['1', '2', '3'] },
  { mode: 'on-start', event: 'dead group member', answered: ['2', '3'], started: ['1', '2', '3'] },
  {
    mode: 'after-response',
    event: 'dead group member',
    answered: ['1', '2', '3'],
    started: ['1', '1', '2', '3'],
  },
  { mode: 'on-receipt', event: 'dead group member', answered: [], started: ['1'] },
]

const reconnect = { initial: 10, maximum: 10, jitter: 0 }

/** Sends three requests to a responder that handles one at a time, and lets the event happen in the first handler. */
function play(world: World, { mode, event }: Cell, retries: number): Pick<Cell, 'answered' | 'started'> {
  const started: string[] = []
  const answered: string[] = []
  const group = event === 'dead group member' ? { group: 'workers' } : {}
  const start = (clientId: string): { readonly link: Link; readonly subscription: Subscription } => {
    // A group's member has no session after its connection; the broker's window is one message.
    const session = event === 'dead group member' ? {} : { clean: false, sessionExpiryInterval: 3_600 }
    const link = world.link(clientId, { ...session, receiveMaximum: 1, reconnect })
    const subscription = requests$(link, echo, { acknowledge: mode, ...group })
      .pipe(
        serve(
          ({ value }) => {
            started.push(value)
            return of(value).pipe(delay(100))
          },
          { concurrency: 1 },
        ),
      )
      .subscribe()
    return { link, subscription }
  }
  const first = start('server')
  world.advance(50)
  const requester = world.link('requester')
  const retry = retries === 0 ? {} : { retry: { count: retries, attemptTimeout: 2_000 } }
  from(['1', '2', '3'])
    .pipe(
      mergeMap((value) =>
        of(value).pipe(
          request$(requester, echo, { timeout: 10_000, ...retry }),
          catchError(() => EMPTY),
        ),
      ),
    )
    .subscribe((value) => answered.push(value))
  world.advance(50)
  expect(started).toEqual(['1'])
  if (event === 'lost session') world.broker.disconnect('server', { session: 'lose' })
  else {
    if (event === 'dead group member') start('other')
    world.advance(10)
    // The process is gone: its connection has ended, and nothing more is sent on it.
    world.broker.disconnect('server')
    first.subscription.unsubscribe()
    void first.link.close()
    world.advance(10)
    if (event === 'crash') start('server')
  }
  world.advance(20_000)
  return { answered: answered.sort(), started: started.sort() }
}

describe.each(cells)('a $event with acknowledge: $mode', (cell) => {
  it(`without a retry: answers ${cell.answered.join(' ') || 'none'}`, () => {
    inWorld((world) => {
      expect(play(world, cell, 0)).toEqual({ answered: cell.answered, started: cell.started })
    })
  })

  it('with a retry of the requester: answers all', () => {
    inWorld((world) => {
      expect(play(world, cell, 2).answered).toEqual(['1', '2', '3'])
    })
  })
})
