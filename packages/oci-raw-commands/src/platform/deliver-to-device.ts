import type { Broker, DeliveryStatus } from '@antiphon/broker'
import { AntiphonError, type OutgoingMessage } from '@antiphon/core'
import { quoted } from '@antiphon/core/link'
import { catchError, defer, throwError, type Observable } from 'rxjs'

/** A device, and the client identifiers of its sessions at the time of the delivery. */
export interface DeviceSessions {
  readonly instanceId: string
  readonly clientIds: () => readonly string[]
}

/**
 * Delivers a message to the first session of a device that is subscribed to its topic. The platform stores commands itself, and
 * delivers them again after a restart.
 *
 * - *on subscribe*: adds the message to the session's queue. *next, complete*: as `Broker.deliver$`.
 * - *error*: `no-responder` if the device has no session with a subscription; otherwise as `Broker.deliver$`.
 * - *unsubscribe*: removes the message from the queue.
 */
export function deliverToDevice$(
  broker: Broker,
  { instanceId, clientIds }: DeviceSessions,
  message: OutgoingMessage,
): Observable<DeliveryStatus> {
  const noSession = new AntiphonError(
    'no-responder',
    `the device ${quoted(instanceId)} has no persistent session`,
  )
  const toFirstOf$ = (
    [clientId, ...others]: readonly string[],
    refusal: AntiphonError,
  ): Observable<DeliveryStatus> =>
    clientId === undefined
      ? throwError(() => refusal)
      : broker.deliver$(clientId, message, { stored: false }).pipe(
          catchError((thrown: unknown) => {
            const error = AntiphonError.from(thrown)
            return error.code === 'no-responder' ? toFirstOf$(others, error) : throwError(() => error)
          }),
        )
  return defer(() => toFirstOf$(clientIds(), noSession))
}
