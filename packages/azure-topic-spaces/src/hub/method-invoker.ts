import type { Broker } from '@antiphon/broker'
import { exchange$, type Grant, type Link, type Message } from '@antiphon/core'
import { linkOver, type Transport } from '@antiphon/core/link'
import {
  concat,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  NEVER,
  of,
  Subject,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { v4 as uuid } from 'uuid'
import { methodEndpoint } from '../methods/method-endpoint.js'
import { methodLink } from '../methods/method-link.js'

/** How a method is called. */
export interface MethodOptions {
  /** Milliseconds to wait for the answer. @defaultValue 30 000 */
  readonly timeout?: number
  /** Told beside the request's id. */
  readonly properties?: readonly (readonly [name: string, value: string])[]
}

/** Calls methods of devices. */
export interface MethodInvoker {
  /**
   * Calls a method of a device.
   * - *on subscribe*: calls. *next, complete*: the answer. *unsubscribe*: waits no more.
   * - *error*: `status` with the device's `rc` as `status.code` where that is 400 or more, `no-responder` where the
   *   device takes no methods, `connection-lost` where it is away, `timeout`.
   */
  readonly invoke$: (
    deviceId: string,
    name: string,
    value?: unknown,
    options?: MethodOptions,
  ) => Observable<unknown>
  /** What a device publishes below `$az/iot/methods`. */
  readonly answered: (clientId: string, message: Message) => void
  readonly close: () => Promise<void>
}

/** What a service may do that speaks to devices from within. */
const grant: Grant = {
  protocolVersion: 4,
  clientId: 'hub',
  sessionPresent: false,
  receiveMaximum: 65_535,
  maximumPacketSize: Infinity,
  maximumQoS: 1,
  retainAvailable: false,
  wildcardSubscriptions: true,
  sharedSubscriptions: false,
  subscriptionIdentifiers: false,
}

/** Makes an invoker over a broker's way to one client. */
export function methodInvoker(deliver$: Broker['deliver$'], scheduler: SchedulerLike): MethodInvoker {
  const answers$ = new Subject<{ readonly clientId: string; readonly message: Message }>()
  const links = new Map<string, Link>()
  /** A conversation with one device: what is published goes to it alone, and only what it says is heard. */
  const transportTo = (deviceId: string): Transport => ({
    connect$: () =>
      concat(
        of({ type: 'online', grant } as const),
        answers$.pipe(
          filter(({ clientId }) => clientId === deviceId),
          map(({ message }) => ({ type: 'message', message, acknowledge: () => undefined }) as const),
        ),
        NEVER,
      ),
    subscribe$: (requests) => of(requests.map(({ qos }) => qos)),
    unsubscribe$: (filters) => of(filters.map(() => 0)),
    publish$: (message) => concat(deliver$(deviceId, message).pipe(ignoreElements()), of({ reasonCode: 0 })),
    disconnect$: () => EMPTY,
  })
  const linkTo = (deviceId: string): Link => {
    const link = links.get(deviceId) ?? methodLink(linkOver(transportTo(deviceId), { scheduler }))
    links.set(deviceId, link)
    return link
  }
  return {
    invoke$: (deviceId, name, value, { timeout = 30_000, properties: userProperties = [] } = {}) =>
      defer(() => {
        const question = { params: { name, rid: uuid().replaceAll('-', '') }, value }
        return exchange$(linkTo(deviceId), methodEndpoint, question, { timeout, userProperties, qos: 0 })
      }),
    answered: (clientId, message) => answers$.next({ clientId, message }),
    close: async () => {
      await Promise.all([...links.values()].map((link) => link.close()))
    },
  }
}
