import type { Broker } from '@antiphon/broker'
import { exchange$, type ConnectionInfo, type Link, type Message } from '@antiphon/core'
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

/** The options of a method invocation. */
export interface MethodOptions {
  /** Milliseconds to wait for the response. @defaultValue 30 000 */
  readonly timeout?: number
  /** Properties to send in the topic, after the request id. */
  readonly properties?: readonly (readonly [name: string, value: string])[]
}

/** Invokes direct methods of devices. */
export interface MethodInvoker {
  /**
   * Invokes a method of a device.
   * - *on subscribe*: sends the request. *next, complete*: the response. *unsubscribe*: ignores the response.
   * - *error*: `status` with the device's `rc` as `status.code` if that is 400 or more, `no-responder` if the device does
   *   not subscribe to methods, `connection-lost` if it is not connected, `timeout`.
   */
  readonly invoke$: (
    deviceId: string,
    name: string,
    value?: unknown,
    options?: MethodOptions,
  ) => Observable<unknown>
  /** Handles a message that a device published to a method response topic. */
  readonly handleResponse: (clientId: string, message: Message) => void
  readonly close: () => Promise<void>
}

/** The limits of the hub's in-process links to devices. */
const info: ConnectionInfo = {
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

/** Creates an invoker that sends requests with the broker's `deliver$`. */
export function methodInvoker(deliver$: Broker['deliver$'], scheduler: SchedulerLike): MethodInvoker {
  const responses$ = new Subject<{ readonly clientId: string; readonly message: Message }>()
  const links = new Map<string, Link>()
  /** A transport to one device: publishes go to this device only, and only its responses arrive. */
  const transportTo = (deviceId: string): Transport => ({
    connect$: () =>
      concat(
        of({ type: 'online', info } as const),
        responses$.pipe(
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
        const request = { params: { name, rid: uuid().replaceAll('-', '') }, value }
        return exchange$(linkTo(deviceId), methodEndpoint, request, { timeout, userProperties, qos: 0 })
      }),
    handleResponse: (clientId, message) => responses$.next({ clientId, message }),
    close: async () => {
      await Promise.all([...links.values()].map((link) => link.close()))
    },
  }
}
