import { AntiphonError } from '@antiphon/core'
import { outgoingFault } from '@antiphon/core/link'
import type { ErrorCode, OutgoingMessage, PublishAck, QoS } from '@antiphon/core'
import { Observable } from 'rxjs'
import type { Subscriber, TeardownLogic } from 'rxjs'
import { isPromiseLike } from '../authority/hook-result.js'
import type { Engine } from '../engine/engine.js'
import type { DeliveryLoss } from '../events.js'
import { fromOutgoing } from '../packet/publication.js'
import type { DeliveryTracker } from '../session/outbound-message.js'

/** The status of a message to one client. */
export type DeliveryStatus =
  /** The message is queued: the client is disconnected or has no free send quota. */
  | { readonly status: 'queued' }
  /** The message was written to the client's connection. */
  | { readonly status: 'sent' }
  /** The client acknowledged the message, or refused it with a reason code from 0x80. */
  | { readonly status: 'acknowledged'; readonly reasonCode: number }

/**
 * Publishes a message from the broker itself to all subscribers, without calling a hook.
 * - *on subscribe*: publishes the message.
 * - *next, complete*: the reason code; 0x10 if there is no matching subscriber.
 * - *error*: `invalid-argument`.
 * - *unsubscribe*: the message stays published.
 */
export function publishFromServer$(engine: Engine, message: OutgoingMessage): Observable<PublishAck> {
  return new Observable((subscriber) => {
    const fault = outgoingFault(message)
    if (fault !== undefined) return subscriber.error(fault)
    const outcome = engine.notifications.run(() =>
      engine.publishPipeline.publishWithoutHooks(fromOutgoing(message, '', engine.now())),
    )
    const finish = (reasonCode: number): void => {
      subscriber.next({ reasonCode })
      subscriber.complete()
    }
    if (isPromiseLike(outcome)) void outcome.then(finish)
    else finish(outcome)
  })
}

/** The options of `Broker.deliver$`. */
export interface DeliverOptions {
  /**
   * Whether the broker's storage keeps the message, so that the client receives it even after a restart, when no subscriber can
   * withdraw it any more. With `false`, a restart withdraws it. @defaultValue true
   */
  readonly stored?: boolean
}

/** Sends a message from the broker itself to one client; see `Broker.deliver$`. */
export function deliver$(
  engine: Engine,
  clientId: string,
  message: OutgoingMessage,
  options: DeliverOptions = {},
): Observable<DeliveryStatus> {
  return new Observable((subscriber) =>
    engine.notifications.run(() => startDelivery(engine, { clientId, message, options }, subscriber)),
  )
}

interface DeliveryRequest {
  readonly clientId: string
  readonly message: OutgoingMessage
  readonly options: DeliverOptions
}

/** Adds a message to the queue of a client's session; returns the teardown that withdraws it. */
function startDelivery(
  engine: Engine,
  { clientId, message, options: { stored = true } }: DeliveryRequest,
  subscriber: Subscriber<DeliveryStatus>,
): TeardownLogic {
  const fault = outgoingFault(message)
  if (fault !== undefined) return subscriber.error(fault)
  const { notifications } = engine
  const emit = (status: DeliveryStatus): void => notifications.post(() => subscriber.next(status))
  const complete = (): void => notifications.post(() => subscriber.complete())
  const fail = (code: ErrorCode, cause: string): void => {
    const text = `cannot deliver '${message.topic}' to '${clientId}': ${cause}`
    const error = new AntiphonError(code, text, { topic: message.topic })
    notifications.post(() => subscriber.error(error))
  }

  const session = engine.sessions.get(clientId)
  if (session === undefined) return fail('no-responder', 'the broker has no session of this client')
  const subscription = engine.router.subscriptionOf(session, message.topic)
  if (subscription === undefined) return fail('no-responder', 'the client is not subscribed to this topic')

  const now = engine.now()
  const publication = fromOutgoing(message, '', now)
  const qos = Math.min(publication.qos, subscription.qos) as QoS
  const { identifiers } = subscription
  if (qos === 0) {
    if (session.peer === null)
      return fail('connection-lost', 'the client is not connected, and QoS 0 messages are not queued')
    session.outbound.deliverAtMostOnce(publication, false, identifiers)
    emit({ status: 'sent' })
    return complete()
  }
  let isSettled = false
  let isExpired = false
  const tracker: DeliveryTracker = {
    isStored: stored,
    sent: () => emit({ status: 'sent' }),
    acknowledged: (reasonCode) => {
      isSettled = true
      emit({ status: 'acknowledged', reasonCode })
      complete()
    },
    lost: (loss) => {
      isSettled = true
      fail(...lossErrors[loss])
    },
    withdrawn: () => {
      if (isExpired) tracker.lost('expired')
    },
  }
  if (!session.outbound.isReady) emit({ status: 'queued' })
  session.outbound.deliver(publication, { qos, retain: false, identifiers, group: null, tracker })
  const expiry =
    publication.expiresAt === Infinity
      ? undefined
      : engine.deadlines.add(publication.expiresAt - now, () => {
          isExpired = true
          if (session.outbound.withdraw(tracker)) fail(...lossErrors.expired)
        })
  return () => {
    expiry?.cancel()
    if (!isSettled) session.outbound.withdraw(tracker)
  }
}

const lossErrors: Readonly<Record<DeliveryLoss, [ErrorCode, string]>> = {
  expired: ['expired', 'the Message Expiry Interval passed before the message was sent'],
  'queue-full': ['overflow', "the queue of the client's session is full"],
  'too-large': ['too-large', 'the packet exceeds the Maximum Packet Size of the client'],
  'session-ended': ['session-lost', 'the session of the client has ended'],
}
