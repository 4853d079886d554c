import { isMatch } from '@antiphon/core/topic'
import type { TestScheduler } from 'rxjs/testing'
import { mismatch } from '../compare/expectation.js'
import type { Published, VirtualBroker } from '../virtual/broker.js'
import {
  meets,
  readableForm,
  readablePublished,
  type MessageForm,
  type PayloadReader,
} from './message-form.js'
import { framesOf } from './frames.js'
import { readableTimeline } from './timeline.js'

/** Whose doing is looked at. */
export interface ClientChoice {
  /** @defaultValue everybody's */
  readonly clientId?: string
}

/** Which messages are looked at, and how. */
export interface PublishedChoice extends ClientChoice {
  /** Reads the payloads: expectations are then compared with, and failures show, what it makes of them. */
  readonly codec?: PayloadReader
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
  { clientId, codec }: PublishedChoice = {},
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
          return wanted !== undefined && wanted.frame === frame && meets(published, wanted.form, codec)
        }
        if (seen.length === expected.length && seen.every(isMet)) return
        const saw = seen.map(({ frame, published }) => ({ frame, text: readablePublished(published, codec) }))
        const wanted = expected.map(({ frame, form }, index) => ({
          frame,
          text: readableForm(form, seen[index]?.published, codec),
        }))
        throw mismatch(`published under '${filter}'`, readableTimeline(saw), readableTimeline(wanted))
      }
    },
    check: () => check(),
  }
}
