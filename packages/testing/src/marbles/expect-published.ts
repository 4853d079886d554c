import { isMatch } from '@antiphon/core'
import type { TestScheduler } from 'rxjs/testing'
import { mismatch } from '../compare/expectation.js'
import type { Published, VirtualBroker } from '../virtual/broker.js'
import { meets, readableForm, readablePublished, type MessageForm } from './message-form.js'
import { framesOf } from './frames.js'
import { readableTimeline } from './timeline.js'

/** Whose messages are looked at. */
export interface PublishedChoice {
  /** @defaultValue everybody's */
  readonly clientId?: string
}

/** An expectation on what is published. */
export interface PublishedExpectation {
  /**
   * The messages accepted by the broker, and when. A marble without a value among `values` is the payload itself; of a
   * value only the parts that are given are compared.
   */
  readonly toBe: (marbles: string, values?: Readonly<Record<string, MessageForm>>) => void
}

interface Seen {
  readonly frame: number
  readonly published: Published
}

/** Watches what is published from now on; the verdict is given by `check`. */
export function expectPublished(
  broker: VirtualBroker,
  scheduler: TestScheduler,
  filter: string,
  { clientId }: PublishedChoice = {},
): PublishedExpectation & { readonly check: () => void } {
  const seen: Seen[] = []
  let check = (): void => undefined
  broker.published$.subscribe((published) => {
    const isChosen = clientId === undefined || clientId === published.clientId
    if (isChosen && published.reasonCode < 0x80 && isMatch(filter, published.message.topic))
      seen.push({ frame: scheduler.frame, published })
  })
  return {
    toBe: (marbles, values = {}) => {
      const expected = framesOf(marbles, 'a message').map(({ frame, marble }) => ({
        frame,
        form: values[marble] ?? marble,
      }))
      check = () => {
        const isMet = ({ frame, published }: Seen, index: number): boolean => {
          const wanted = expected[index]
          return wanted !== undefined && wanted.frame === frame && meets(published, wanted.form)
        }
        if (seen.length === expected.length && seen.every(isMet)) return
        const saw = seen.map(({ frame, published }) => ({ frame, text: readablePublished(published) }))
        const wanted = expected.map(({ frame, form }, index) => ({
          frame,
          text: readableForm(form, seen[index]?.published),
        }))
        throw mismatch(`published under '${filter}'`, readableTimeline(saw), readableTimeline(wanted))
      }
    },
    check: () => check(),
  }
}
