import {
  AntiphonError,
  text,
  userProperty,
  type Handler,
  type OutgoingMessage,
  type UserProperties,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { NEVER } from 'rxjs'
import { bytesOf, statusOf } from '../observed.js'
import { withResponder, type ResponderSetup } from '../responder/with-responder.js'
import { wholeNumber } from './whole-number.js'

/** Whole numbers in a request, one text in response. */
export const sum = requestStreamEndpoint({ topic: 'sum', request: wholeNumber, response: text })

export type Sum = NonNullable<(typeof sum)['types']>

/** A responder, and a requester that sends whatever a test wants. */
export interface HostileRequester extends ResponderSetup<Sum> {
  /** The events of the handler's items. */
  readonly seen: readonly unknown[]
  readonly open: (properties?: Partial<OutgoingMessage>) => void
  readonly sendItem: (
    position: string | undefined,
    payload?: string,
    more?: UserProperties,
    properties?: Partial<OutgoingMessage>,
  ) => void
  /** The credits and expected items of all acceptances. */
  readonly credits: () => readonly (readonly (string | undefined)[])[]
  /** The statuses of all responses, with what they blame. */
  readonly failures: () => readonly (readonly unknown[])[]
}

/** How the responder of a hostile requester is set up. */
export interface HostileRequesterOptions {
  /** Reads all items and never responds unless another handler is given. */
  readonly handler?: Handler<Sum>
  /** @defaultValue 4 */
  readonly credit?: number
}

/** Runs a test with a responder that reads the items, and a plain requester. */
export function withHostileRequester(
  test: (setup: HostileRequester) => void,
  options: HostileRequesterOptions = {},
): void {
  const seen: unknown[] = []
  const readAll: Handler<Sum> = ({ value }) => {
    value.subscribe({
      next: (item) => seen.push(item),
      error: (error: unknown) => seen.push(AntiphonError.from(error).message),
      complete: () => seen.push('complete'),
    })
    return NEVER
  }
  const { handler = readAll, credit = 4 } = options
  withResponder<Sum>({ endpoint: sum, handler, requests: { credit } }, (setup) => {
    const { world, sendRequest, sendControl, responses } = setup
    const messages = (): readonly OutgoingMessage[] => responses.map(({ message }) => message)
    test({
      ...setup,
      seen,
      open: (properties = {}) => {
        sendRequest('', {
          topic: 'sum',
          messageExpiryInterval: 3,
          userProperties: [['__ctl', 'open']],
          ...properties,
        })
        world.advance(10)
      },
      sendItem: (position, payload = '1', more = [], properties = {}) => {
        const stream: UserProperties = position === undefined ? [] : [['__stream', position]]
        sendControl([['__ctl', 'item'], ...stream, ...more], { payload: bytesOf(payload), ...properties })
        world.advance(10)
      },
      credits: () =>
        messages()
          .filter((message) => statusOf(message) === 202)
          .map(({ userProperties }) =>
            ['__credit', '__stream'].map((name) => userProperty(userProperties, name)),
          ),
      failures: () =>
        messages()
          .filter((message) => Number(statusOf(message)) >= 400)
          .map((message) => [
            statusOf(message),
            userProperty(message.userProperties, '__stMsg'),
            userProperty(message.userProperties, '__propName'),
          ]),
    })
  })
}
