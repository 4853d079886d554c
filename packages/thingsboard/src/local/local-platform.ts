import type { Broker, BrokerOptions } from '@antiphon/broker'
import { AntiphonError, exchange$, requests$, serve, type Endpoint, type Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { defer, map, merge, of, Subject, tap, type Observable } from 'rxjs'
import { updatesOn$ } from '../attributes.js'
import { attributesEndpointOf, rpcEndpointOf, type RpcTypes } from '../endpoints.js'
import type { Attributes, Call } from '../frames.js'
import {
  handleCall,
  toCall,
  toResult,
  type CallOptions,
  type MethodHandler,
  type RpcMethod,
} from '../methods.js'
import { platformBroker } from './platform-broker.js'

/** The attributes of a device on the platform. */
export interface LocalDeviceState {
  readonly client: Attributes
  readonly shared: Attributes
}

/** A call of the platform by a device. */
export interface DeviceCall extends Call {
  /** The access token of the device. */
  readonly token: string
}

/** What a local platform is made from. */
export interface LocalPlatformOptions extends Pick<BrokerOptions, 'scheduler'> {
  /** The first attributes of each device, by its access token. Only these devices may connect. */
  readonly devices: Readonly<Record<string, Partial<LocalDeviceState>>>
  /** The methods that devices may call, by name. @defaultValue none */
  readonly methods?: Readonly<Record<string, MethodHandler>>
}

/** A platform that runs in this program, for tests and for development without ThingsBoard. Devices connect to it. */
export interface LocalPlatform extends Pick<Broker, 'listen' | 'close'> {
  /** Returns a link of a device in this program. */
  readonly link: (token: string) => Link
  /** Returns the attributes of a device. */
  readonly attributes: (token: string) => LocalDeviceState | undefined
  /** Changes shared attributes of a device, and sends it the change. */
  readonly share: (token: string, changes: Attributes) => void
  /** Emits each call by a device. Hot; never completes. */
  readonly calls$: Observable<DeviceCall>
  /** Emits what a device publishes on `v1/devices/me/attributes` or `v1/devices/me/telemetry`. */
  readonly published$: (token: string, topic: 'attributes' | 'telemetry') => Observable<Attributes>
  /** Calls a method of a device; with `failFast`, it fails with `no-responder` if the device is not subscribed to calls. */
  readonly callDevice$: <Params, Result>(
    token: string,
    method: RpcMethod<Params, Result>,
    params: Params,
    options?: CallOptions,
  ) => Observable<Result>
}

/** Creates a platform with a broker of its own. */
export function localPlatform({ devices, methods = {}, ...options }: LocalPlatformOptions): LocalPlatform {
  const states = new Map<string, LocalDeviceState>(
    Object.entries(devices).map(([token, state]) => [token, { client: {}, shared: {}, ...state }]),
  )
  const endpoints = new Map([...states.keys()].map((token) => [token, rpcEndpointOf(token)]))
  const calls = new Subject<DeviceCall>()
  const broker = platformBroker((token) => states.has(token), options)
  const link = broker.link({ clientId: 'platform' })
  const stateOf = (token: string): LocalDeviceState => {
    const state = states.get(token)
    if (state === undefined) throw unknownDevice(token)
    return state
  }
  const change = (token: string, part: keyof LocalDeviceState, changes: Attributes): void => {
    const state = stateOf(token)
    states.set(token, { ...state, [part]: { ...state[part], ...changes } })
  }
  const published$ = (token: string, topic: string): Observable<Attributes> =>
    updatesOn$(link, `v1/devices/${token}/${topic}`)
  const serveDevice$ = (token: string, endpoint: Endpoint<RpcTypes>): Observable<unknown> => {
    const calls$ = requests$(link, endpoint).pipe(
      tap(({ value }) => calls.next({ token, ...value })),
      serve(({ value }) => handleCall(methods, value)),
    )
    const queries$ = requests$(link, attributesEndpointOf(token)).pipe(
      serve(({ value: { clientKeys, sharedKeys } }) => {
        const { client, shared } = stateOf(token)
        return of({
          ...(clientKeys !== undefined && { client: pick(client, clientKeys) }),
          ...(sharedKeys !== undefined && { shared: pick(shared, sharedKeys) }),
        })
      }),
    )
    const updates$ = published$(token, 'attributes')
    return merge(calls$, queries$, updates$.pipe(tap((update) => change(token, 'client', update))))
  }
  merge(...[...endpoints].map(([token, endpoint]) => serveDevice$(token, endpoint))).subscribe()
  return {
    listen: broker.listen,
    close: async () => {
      await link.close()
      await broker.close()
    },
    link: (token) => broker.link({ username: token }),
    attributes: (token) => states.get(token),
    share: (token, changes) => {
      change(token, 'shared', changes)
      const message = { topic: `v1/devices/${token}/attributes`, payload: toUtf8(JSON.stringify(changes)) }
      link.publish$({ ...message, qos: 1 }).subscribe({
        // A device that is not connected requests the attributes later.
        error: () => undefined,
      })
    },
    calls$: calls.asObservable(),
    published$,
    callDevice$: (token, method, params, callOptions = {}) =>
      defer(() => {
        const endpoint = endpoints.get(token)
        if (endpoint === undefined) throw unknownDevice(token)
        return exchange$(link, endpoint, toCall(method, params), callOptions)
      }).pipe(map((result) => toResult(method, result))),
  }
}

function unknownDevice(token: string): AntiphonError {
  return new AntiphonError(
    'invalid-argument',
    `the platform has no device with the token ${token}: add it to devices`,
  )
}

function pick(attributes: Attributes, keys: string): Attributes {
  const names = keys.split(',')
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)))
}
