import { concat, config, EMPTY, NEVER, of, Subject, Subscriber, take, type Observable } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import type { Delivery, SubscriptionWindow } from '../../src/link/link.js'
import { messagesOf$ } from '../../src/link/messages.js'
import type { Message } from '../../src/message.js'
import { arrival } from './messages.js'

function window(deliveries$: Observable<Delivery>): SubscriptionWindow {
  return { filter: 'a', grantedQoS: 1, deliveries$, unsubscribe$: EMPTY }
}

/** A delivery that records its acknowledgement. */
function delivery(text: string, log: string[] = []): Delivery {
  return { message: arrival('a', text), acknowledge: () => log.push(`acknowledged ${text}`) }
}

describe('messagesOf$', () => {
  it('emits the messages of all windows and completes with the last of them', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ hot, expectObservable, expectSubscriptions }) => {
        const [x, y, z] = ['x', 'y', 'z'].map((text) => delivery(text))
        const values = { x, y, z } as Record<string, Delivery>
        const messages = { x: x?.message, y: y?.message, z: z?.message } as Record<string, Message>
        const first = hot('  --x--y--|         ', values)
        const second = hot(' -----------z--x---|', values)
        const windows = hot('a--------b---|     ', { a: window(first), b: window(second) })
        const expected = '   --x--y-----z--x---|'
        expectObservable(messagesOf$(windows)).toBe(expected, messages)
        expectSubscriptions(windows.subscriptions).toBe('^------------!')
        expectSubscriptions(first.subscriptions).toBe('  ^-------!')
        expectSubscriptions(second.subscriptions).toBe(' ---------^--------!')
      },
    )
  })

  it('errors with its source and unsubscribes from all windows when unsubscribed', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ hot, expectObservable, expectSubscriptions }) => {
        const x = delivery('x')
        const open = hot('     --x--x---', { x })
        const failing = hot('  a---#', { a: window(open) })
        const lasting = hot('  a--------', { a: window(open) })
        expectObservable(messagesOf$(failing)).toBe('--x-#', { x: x.message })
        expectObservable(messagesOf$(lasting), '---!').toBe('--x-', { x: x.message })
        expectSubscriptions(lasting.subscriptions).toBe('^--!')
        expectSubscriptions(open.subscriptions).toBe(['^---!', '^--!'])
      },
    )
  })

  it('acknowledges each message after the subscriber has returned', () => {
    const log: string[] = []
    const deliveries = [delivery('1', log), delivery('2', log)]
    messagesOf$(of(window(of(...deliveries)))).subscribe(({ payload }) => {
      log.push(`received ${String.fromCharCode(...payload)}`)
    })
    expect(log).toEqual(['received 1', 'acknowledged 1', 'received 2', 'acknowledged 2'])
  })

  it('acknowledges the message on which the subscriber unsubscribes, and no later one', () => {
    const log: string[] = []
    const deliveries$ = concat(of(delivery('1', log), delivery('2', log), delivery('3', log)), NEVER)
    messagesOf$(of(window(deliveries$)))
      .pipe(take(2))
      .subscribe()
    expect(log).toEqual(['acknowledged 1', 'acknowledged 2'])
  })

  it('acknowledges a message whose subscriber throws, so that later messages are not delayed', async () => {
    const log: string[] = []
    const { onUnhandledError } = config
    const deliveries = new Subject<Delivery>()
    const thrower = new (class extends Subscriber<Message> {
      override next(): void {
        throw new Error('no room')
      }
    })()
    const allReported = new Promise<void>((resolve) => {
      config.onUnhandledError = (error) => {
        log.push(String(error))
        if (log.length === 4) resolve()
      }
    })
    messagesOf$(of(window(deliveries))).subscribe(thrower)
    deliveries.next(delivery('1', log))
    deliveries.next(delivery('2', log))
    await allReported
    config.onUnhandledError = onUnhandledError
    expect(log).toEqual(['acknowledged 1', 'acknowledged 2', 'Error: no room', 'Error: no room'])
  })
})
