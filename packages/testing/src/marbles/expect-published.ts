import { type OptionRules, requireArgument } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import type { TestScheduler } from 'rxjs/testing'
import { mismatchError } from '../compare/expectation.js'
import type { Published, VirtualBroker } from '../virtual/broker.js'
import {
  matchesForm,
  readableForm,
  readablePublished,
  type MessageForm,
  type PayloadReader,
} from './message-form.js'
import { framesOf } from '../time/frames.js'
import { readableTimeline } from './timeline.js'

/** Selects a client. */
export interface ClientChoice {
  /** The client that publishes. @defaultValue every client */
  readonly clientId?: string
}

/** Selects the compared messages and decodes their payloads. */
export interface PublishedChoice extends ClientChoice {
  /** Decodes the payloads for comparison and failure messages. */
  readonly codec?: PayloadReader
}

/** An expectation about published messages. */
export interface PublishedExpectation {
  /**
   * Compares the messages that the broker accepted, with their times. A marble without an entry in `values` is the
   * payload itself. Only the specified parts of an entry are compared.
   */
  readonly toBe: (marbles: string, values?: Readonly<Record<string, MessageForm>>) => void
}

const publishedChoiceRules: OptionRules<PublishedChoice> = { clientId: 'string', codec: 'object' }

interface ReceivedPublish {
  readonly frame: number
  readonly published: Published
}

/** Records the messages published from now on; `check` throws if they differ from the expected ones. */
export function expectPublished(
  broker: VirtualBroker,
  scheduler: TestScheduler,
  filter: string,
  choice: PublishedChoice = {},
): PublishedExpectation & { readonly check: () => void } {
  requireArgument('choice', choice, publishedChoiceRules)
  const { clientId, codec } = choice
  const received: ReceivedPublish[] = []
  let check = (): void => undefined
  broker.published$.subscribe((published) => {
    const isSelected = clientId === undefined || clientId === published.clientId
    if (isSelected && published.reasonCode < 0x80 && isMatch(filter, published.message.topic))
      received.push({ frame: scheduler.frame, published })
  })
  return {
    toBe: (marbles, values = {}) => {
      const expected = framesOf(marbles, 'a message').map(({ frame, marble }) => ({
        frame,
        form: values[marble] ?? marble,
      }))
      check = () => {
        const isExpected = ({ frame, published }: ReceivedPublish, index: number): boolean => {
          const expectedItem = expected[index]
          return (
            expectedItem !== undefined &&
            expectedItem.frame === frame &&
            matchesForm(published, expectedItem.form, codec)
          )
        }
        if (received.length === expected.length && received.every(isExpected)) return
        const actualTimeline = received.map(({ frame, published }) => ({
          frame,
          text: readablePublished(published, codec),
        }))
        const expectedTimeline = expected.map(({ frame, form }, index) => ({
          frame,
          text: readableForm(form, received[index]?.published, codec),
        }))
        throw mismatchError(
          `published under '${filter}'`,
          readableTimeline(actualTimeline),
          readableTimeline(expectedTimeline),
        )
      }
    },
    check: () => check(),
  }
}
