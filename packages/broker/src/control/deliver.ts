import { AntiphonError } from '@antiphon/core'
import { outgoingFault } from '@antiphon/core/link'
import type { ErrorCode, OutgoingMessage, PublishAck, QoS } from '@antiphon/core'
import { Observable } from 'rxjs'
import type { Subscriber, TeardownLogic } from 'rxjs'
import { isPromiseLike } from '../authority/hook-result.js'
import type { Engine } from '../engine.js'
import { fromOutgoing } from '../packet/publication.js'
import type { DeliveryLoss, DeliveryTracker } from '../session/outbound-message.js'

/** How far a message to one client has come. */
export type DeliveryStatus =
  /** It waits: the client is away, or busy. */
  | { readonly status: 'queued' }
  /** It was handed to the client's connection. */
  | { readonly status: 'sent' }
  /** The client has it, or has refused it with a reason code of 0x80 and above. */
  | { readonly status: 'acknowledged'; readonly reasonCode: number }

/**
 * Publishes a message of the broker's own to everybody subscribed; no hook is asked.
 * - *on subscribe*: publishes.
 * - *next, complete*: the reason code; 0x10 says that nobody is subscribed.
 * - *error*: `invalid-argument`.
 */
export function publishFromServer$(engine: Engine, message: OutgoingMessage): Observable<PublishAck> {
  return new Observable((subscriber) => {
    const fault = outgoingFault(message)
    if (fault !== undefined) return subscriber.error(fault)
    const outcome = engine.notifications.run(() =>
      engine.intake.accept(fromOutgoing(message, '', engine.now())),
    )
    const response = (reasonCode: number): void => {
      subscriber.next({ reasonCode })
      subscriber.complete()
    }
    if (isPromiseLike(outcome)) void outcome.then(response)
    else response(outcome)
  })
}

/** Sends a message of the broker's own to one client, as `Broker.deliver$` says. */
export function deliver$(
  engine: Engine,
  clientId: string,
  message: OutgoingMessage,
): Observable<DeliveryStatus> {
  return new Observable((subscriber) =>
    engine.notifications.run(() => startDelivery(engine, clientId, message, subscriber)),
  )
}

/** Hands a message to a client's session; returns how it is taken back. */
function startDelivery(
  engine: Engine,
  clientId: string,
  message: OutgoingMessage,
  subscriber: Subscriber<DeliveryStatus>,
): TeardownLogic {
  const fault = outgoingFault(message)
  if (fault !== undefined) return subscriber.error(fault)
  const { notifications } = engine
  const tell = (status: DeliveryStatus): void => notifications.post(() => subscriber.next(status))
  const complete = (): void => notifications.post(() => subscriber.complete())
  const fail = (code: ErrorCode, what: string): void => {
    const text = `'${message.topic}' for '${clientId}': ${what}`
    const error = new AntiphonError(code, text, { topic: message.topic })
    notifications.post(() => subscriber.error(error))
  }

  const session = engine.sessions.get(clientId)
  if (session === undefined) return fail('no-responder', 'the broker knows no such client')
  const found = engine.router.subscriptionOf(session, message.topic)
  if (found === undefined) return fail('no-responder', 'the client is not subscribed to this topic')

  const now = engine.now()
  const publication = fromOutgoing(message, '', now)
  const qos = Math.min(publication.qos, found.qos) as QoS
  const { identifiers } = found
  if (qos === 0) {
    if (session.peer === null) return fail('connection-lost', 'the client is away, and QoS 0 does not wait')
    session.downlink.deliverAtMostOnce(publication, false, identifiers)
    tell({ status: 'sent' })
    return complete()
  }
  let isOver = false
  const tracker: DeliveryTracker = {
    sent: () => tell({ status: 'sent' }),
    acknowledged: (reasonCode) => {
      isOver = true
      tell({ status: 'acknowledged', reasonCode })
      complete()
    },
    lost: (loss) => {
      isOver = true
      fail(...lossErrors[loss])
    },
  }
  if (!session.downlink.isReady) tell({ status: 'queued' })
  session.downlink.deliver(publication, { qos, retain: false, identifiers, group: null, tracker })
  const expiry =
    publication.expiresAt === Infinity
      ? undefined
      : engine.deadlines.add(publication.expiresAt - now, () => {
          if (session.downlink.withdraw(tracker)) fail(...lossErrors.expired)
        })
  return () => {
    expiry?.cancel()
    if (!isOver) session.downlink.withdraw(tracker)
  }
}

const lossErrors: Readonly<Record<DeliveryLoss, [ErrorCode, string]>> = {
  expired: ['expired', 'its expiry ran out before the client could have it'],
  'queue-full': ['overflow', 'the queue of the client has no room'],
  'too-large': ['too-large', 'it is larger than the client accepts'],
  'session-ended': ['session-lost', 'the session of the client has ended'],
}
