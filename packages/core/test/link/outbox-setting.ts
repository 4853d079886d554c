import { Observable, type Subscription } from 'rxjs'
import { AntiphonError } from '../../src/errors.js'
import type { ConnectionInfo, Incident, PublishAck } from '../../src/link/link.js'
import { Outbox, type QueueBounds } from '../../src/link/outbox.js'
import type { OutgoingMessage } from '../../src/message.js'
import { deadlines } from '../../src/time/deadlines.js'
import { connectionInfo } from './connection-info.js'
import {
  failure,
  manualTransport,
  completeWith,
  type ManualTransport,
  type PublishCall,
  type CallHandlers,
} from './manual-transport.js'
import { outgoing, textOf } from './messages.js'
import { virtualTime, type VirtualTime } from './virtual-time.js'

/** An outbox over a transport that the test controls. */
export interface OutboxSetting extends VirtualTime {
  readonly outbox: Outbox
  readonly transport: ManualTransport
  readonly incidents: Incident[]
  /** The results of the messages, in order of notification. */
  readonly log: string[]
  readonly errors: AntiphonError[]
  /** Sends a message with this text as payload. */
  readonly send: (text: string, more?: Partial<OutgoingMessage>, onEnd?: () => void) => Subscription
  /** Returns the texts sent since the last call. */
  readonly takeSent: () => string[]
  /** Acknowledges the earliest unacknowledged message with this text. */
  readonly acknowledge: (text: string, reasonCode?: number) => void
  readonly online: (limits?: Partial<ConnectionInfo>) => void
  /** Fails all unacknowledged messages with `session-lost`. */
  readonly loseSession: () => void
  /** Reports all unacknowledged messages to be sent again, as in a resumed session. */
  readonly resumeSession: () => void
  /** The texts of the messages that the outbox discarded instead of sending them again. */
  readonly discarded: string[]
}

export function outboxSetting(
  options: { readonly bounds?: QueueBounds; readonly react?: CallHandlers } = {},
): OutboxSetting {
  const time = virtualTime()
  const { scheduler } = time
  const transport = manualTransport(options.react)
  const incidents: Incident[] = []
  const log: string[] = []
  const errors: AntiphonError[] = []
  const bounds = { messages: Infinity, bytes: Infinity, ...options.bounds }
  const outbox = new Outbox({
    transport,
    deadlines: deadlines(scheduler),
    bounds,
    report: (incident) => incidents.push(incident),
  })
  const discarded: string[] = []
  const settled = new WeakSet<object>()
  let takenCount = 0
  /** The unacknowledged calls, each once, in the order of their first sending. */
  const unanswered = (): readonly PublishCall[] => {
    const calls = transport.published.filter(
      ({ subscriber, message }) => !subscriber.closed && !settled.has(subscriber) && message.qos !== 0,
    )
    return [...new Map(calls.map((call) => [call.subscriber, call])).values()]
  }

  return {
    ...time,
    outbox,
    transport,
    incidents,
    log,
    errors,
    send: (text, more = {}, onEnd = () => undefined) =>
      new Observable<PublishAck>((subscriber) =>
        outbox.send(outgoing('a', text, more), subscriber),
      ).subscribe({
        next: ({ reasonCode }) => log.push(`${text} ${reasonCode}`),
        error: (error: unknown) => {
          const known = AntiphonError.from(error)
          errors.push(known)
          log.push(`${text} ${known.code}`)
          onEnd()
        },
        complete: onEnd,
      }),
    takeSent: () => {
      const texts = transport.published.slice(takenCount).map(({ message }) => textOf(message))
      takenCount = transport.published.length
      return texts
    },
    acknowledge: (text, reasonCode = 0) => {
      const call = unanswered().find(({ message }) => textOf(message) === text)
      if (call === undefined) throw new Error(`${text} is not in flight`)
      completeWith(call, { reasonCode })
    },
    online: (limits) => outbox.resume(connectionInfo(limits)),
    loseSession: () => {
      for (const { subscriber } of unanswered()) subscriber.error(failure('session-lost'))
    },
    resumeSession: () => {
      for (const { subscriber, message } of unanswered())
        subscriber.next({
          resend: (messageExpiryInterval) => {
            const expiry = messageExpiryInterval === undefined ? {} : { messageExpiryInterval }
            transport.published.push({ subscriber, message: { ...message, ...expiry } })
          },
          discard: () => {
            settled.add(subscriber)
            discarded.push(textOf(message))
          },
        })
    },
    discarded,
  }
}
