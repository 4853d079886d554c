import { type OptionRules, requireArgument } from '@antiphon/core/link'
import { TestScheduler } from 'rxjs/testing'
import { isEqual } from '../compare/equal.js'
import { mismatchError } from '../compare/expectation.js'
import type { VirtualBroker } from '../virtual/broker.js'
import type { ClientChoice } from './expect-published.js'
import { withMillisecondFrames } from '../time/frames.js'

const clientChoiceRules: OptionRules<ClientChoice> = { clientId: 'string' }

interface Span {
  readonly from: number
  readonly to: number
}

/** An expectation about the times at which a filter is subscribed at the broker. */
export interface SubscribedExpectation {
  /** Compares the subscriptions with one diagram each: `^` is its start, `!` its end; without `!` it does not end. */
  readonly toBe: (marbles: string | readonly string[]) => void
}

/** Records the subscriptions to a filter from now on; `check` throws if they differ from the expected ones. */
export function expectSubscribed(
  broker: VirtualBroker,
  scheduler: TestScheduler,
  filter: string,
  choice: ClientChoice = {},
): SubscribedExpectation & { readonly check: () => void } {
  requireArgument('choice', choice, clientChoiceRules)
  const { clientId } = choice
  const spans: Span[] = []
  const openSpans = new Map<string, number>()
  let check = (): void => undefined
  broker.subscriptions$.subscribe((change) => {
    const isSelected = clientId === undefined || clientId === change.clientId
    if (!isSelected || change.filter !== filter) return
    const { frame } = scheduler
    const index = openSpans.get(change.clientId)
    if (change.kind === 'subscribed') {
      openSpans.set(change.clientId, spans.length)
      spans.push({ from: frame, to: Infinity })
    } else if (index !== undefined) {
      openSpans.delete(change.clientId)
      spans[index] = { from: spans[index]?.from ?? frame, to: frame }
    }
  })
  return {
    toBe: (marbles) => {
      const diagrams = typeof marbles === 'string' ? [marbles] : marbles
      const expected = diagrams.map(spanOf).filter(({ from }) => from !== Infinity)
      check = () => {
        if (isEqual(spans, expected)) return
        throw mismatchError(`subscriptions to '${filter}'`, spansText(spans), spansText(expected))
      }
    },
    check: () => check(),
  }
}

function spanOf(marbles: string): Span {
  const { subscribedFrame, unsubscribedFrame } = withMillisecondFrames(() =>
    TestScheduler.parseMarblesAsSubscriptions(marbles, true),
  )
  return { from: subscribedFrame, to: unsubscribedFrame }
}

function spansText(spans: readonly Span[]): string {
  if (spans.length === 0) return '(none)'
  return spans.map(({ from, to }) => `from ${from}ms ${to === Infinity ? 'on' : `to ${to}ms`}`).join('\n')
}
