import { TestScheduler } from 'rxjs/testing'
import { isEqual } from '../compare/equal.js'
import { mismatch } from '../compare/expectation.js'
import type { VirtualBroker } from '../virtual/broker.js'
import type { ClientChoice } from './expect-published.js'
import { perMillisecond } from './frames.js'

interface Span {
  readonly from: number
  readonly to: number
}

/** An expectation on when a filter is subscribed at the broker. */
export interface SubscribedExpectation {
  /** One diagram for each time it is: `^` where it begins, `!` where it ends; without `!` it is not left. */
  readonly toBe: (marbles: string | readonly string[]) => void
}

/** Watches the subscriptions to a filter from now on; the verdict is given by `check`. */
export function expectSubscribed(
  broker: VirtualBroker,
  scheduler: TestScheduler,
  filter: string,
  { clientId }: ClientChoice = {},
): SubscribedExpectation & { readonly check: () => void } {
  const spans: Span[] = []
  const open = new Map<string, number>()
  let check = (): void => undefined
  broker.subscriptions$.subscribe((change) => {
    const isChosen = clientId === undefined || clientId === change.clientId
    if (!isChosen || change.filter !== filter) return
    const { frame } = scheduler
    const place = open.get(change.clientId)
    if (change.kind === 'subscribed') {
      open.set(change.clientId, spans.length)
      spans.push({ from: frame, to: Infinity })
    } else if (place !== undefined) {
      open.delete(change.clientId)
      spans[place] = { from: spans[place]?.from ?? frame, to: frame }
    }
  })
  return {
    toBe: (marbles) => {
      const diagrams = typeof marbles === 'string' ? [marbles] : marbles
      const expected = diagrams.map(spanOf).filter(({ from }) => from !== Infinity)
      check = () => {
        if (isEqual(spans, expected)) return
        throw mismatch(`subscriptions to '${filter}'`, spansText(spans), spansText(expected))
      }
    },
    check: () => check(),
  }
}

function spanOf(marbles: string): Span {
  const { subscribedFrame, unsubscribedFrame } = perMillisecond(() =>
    TestScheduler.parseMarblesAsSubscriptions(marbles, true),
  )
  return { from: subscribedFrame, to: unsubscribedFrame }
}

function spansText(spans: readonly Span[]): string {
  if (spans.length === 0) return '(none)'
  return spans.map(({ from, to }) => `from ${from}ms ${to === Infinity ? 'on' : `to ${to}ms`}`).join('\n')
}
