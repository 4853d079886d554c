import { distinctUntilChanged, map, Observable } from 'rxjs'
import { Reason } from '@antiphon/packet'
import { invalidArgument, requireArgument } from '../argument.js'
import type { Endpoint } from '../endpoint.js'
import type { EndpointTypes, RequestArgument } from '../endpoint-types.js'
import { AntiphonError } from '../errors.js'
import type { Link } from '../link/link.js'
import type { OptionRules } from '../option-rules.js'
import { members$ } from '../presence/members.js'
import { exchangeOptionRules, type ExchangeOptions } from '../requester/options.js'
import { requesterContext, startExchange } from '../requester/requester-context.js'
import { singleResponse } from '../requester/response-handler.js'
import { validateTopicName } from '../topic/topic-name.js'
import { DeliveryProgress } from './delivery-progress.js'
import type { DeliveryState } from './delivery-state.js'

/** The options of `deliveryStates$`: those of one exchange, and of the device. */
export interface DeliveryOptions extends ExchangeOptions {
  /** How long the command is valid, in milliseconds: also while the device is offline. */
  readonly timeout: number
  /** At least 1, so that the broker keeps the command for a device that is offline. @defaultValue 1 */
  readonly qos?: 1 | 2
  /** Fail at once with `no-responder` if the broker knows no session that subscribes to the command. @defaultValue true */
  readonly failFast?: boolean
  /** The client id of the device, to follow its presence. @defaultValue presence is not followed */
  readonly device?: string
  /** The prefix of the announcements, as in `presence`. @defaultValue 'presence' */
  readonly presencePrefix?: string
}

const deliveryOptionRules: OptionRules<DeliveryOptions> = {
  ...exchangeOptionRules,
  qos: [1, 2],
  device: 'string',
  presencePrefix: (value) => validateTopicName(value as string),
}

/**
 * Sends a command to a device that may be offline, and emits where it is on its way. The device needs a persistent session
 * that subscribes to the command: the broker then keeps the command until the device connects or the command expires.
 *
 * - *on subscribe*: sends the command.
 * - *next*: `queued` when the broker has it, and again when the presence of the `device` changes; `delivered` if the device
 *   has it and does not respond within 100 ms; then `responded` or `expired`.
 * - *complete*: after `responded` or `expired`.
 * - *error*: the command could not be sent, the device reported a failure, or presence could not be followed.
 * - *unsubscribe*: cancels the command.
 *
 * @example
 * ```ts
 * deliveryStates$(link, unlock, { params: { car }, value }, { timeout: 3_600_000, device: car })
 *   .subscribe(({ status }) => console.log(status)) // queued, delivered, responded
 * ```
 */
export function deliveryStates$<T extends EndpointTypes & { readonly kind: 'one' }>(
  link: Link,
  endpoint: Endpoint<T>,
  command: RequestArgument<T>,
  options: DeliveryOptions,
): Observable<DeliveryState<T['response']>> {
  requireArgument('options', options, deliveryOptionRules)
  if ((options.timeout as number | undefined) === undefined)
    throw invalidArgument('options.timeout is missing: set how long the command is valid')
  const { device, presencePrefix, ...exchangeOptions } = options
  const requester = requesterContext(link, endpoint, { failFast: true, ...exchangeOptions })
  return new Observable((subscriber) => {
    const progress = new DeliveryProgress(subscriber)
    const exchange = startExchange(
      {
        ...requester,
        onAcknowledged: (reasonCode) => {
          if (reasonCode !== Reason.noMatchingSubscribers) progress.onQueued()
        },
      },
      command,
      {
        next: (value) => progress.onResponse(value),
        error: (error: unknown) => progress.onError(AntiphonError.from(error)),
        complete: () => subscriber.complete(),
      },
      { ...singleResponse, onAccepted: () => progress.onDelivered() },
    )
    subscriber.add(() => exchange.cancel())
    if (device === undefined || subscriber.closed) return
    subscriber.add(
      isMember$(link, device, presencePrefix).subscribe({
        next: (isOnline) => progress.onPresence(isOnline),
        error: (error: unknown) => subscriber.error(error),
      }),
    )
  })
}

/** Emits whether a client is announced. */
function isMember$(link: Link, device: string, prefix: string | undefined): Observable<boolean> {
  return members$(link, prefix === undefined ? {} : { prefix }).pipe(
    map((members) => members.some(({ clientId }) => clientId === device)),
    distinctUntilChanged(),
  )
}
