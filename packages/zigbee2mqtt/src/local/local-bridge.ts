import { requests$, serve, type Codec, type Link, type ServeRecord } from '@antiphon/core'
import { isJsonObject, objectCodec, toUtf8 } from '@antiphon/core/codec'
import { defer, filter, ignoreElements, map, merge, Observable, Subject, tap } from 'rxjs'
import { bridgeEndpoint } from '../bridge-endpoint.js'
import type { BridgeCall, DeviceState } from '../frames.js'
import { BASE_TOPIC, type BaseTopicOptions } from '../topics.js'
import { attributesIn, changesBy } from './device-command.js'

/** Zigbee2MQTT answers requests without a transaction as well. */
const callCodec = objectCodec('a request', isJsonObject) as Codec<unknown>

/** Carries out a request: emits the data of the response, or fails with an `ApplicationError` whose message is the error. */
export type BridgeHandler = (call: BridgeCall, bridge: LocalBridge) => Observable<unknown>

/** What a local bridge is made from. */
export interface LocalBridgeOptions extends BaseTopicOptions {
  /** The requests that it answers, by name. Like Zigbee2MQTT, it ignores all others. @defaultValue none */
  readonly requests?: Readonly<Record<string, BridgeHandler>>
  /** The first state of each device, by its friendly name; it has these attributes and no others. @defaultValue no device */
  readonly devices?: Readonly<Record<string, DeviceState>>
}

/** A message on `<device>/set` or `<device>/get`, with the attributes that it names. */
export interface DeviceCommand {
  readonly device: string
  readonly action: 'get' | 'set'
  readonly attributes: DeviceState
}

/** A bridge that runs in this program, for tests and for development without Zigbee hardware. */
export interface LocalBridge {
  /** Returns the state of a device; `undefined` if the bridge does not have it. */
  readonly state: (device: string) => DeviceState | undefined
  /** Changes attributes of a device, and publishes its state. */
  readonly change: (device: string, changes: DeviceState) => void
  /** Publishes whether a device is available. A device that is not obeys no command. */
  readonly setOnline: (device: string, isOnline: boolean) => void
  /** Emits each command to a device while the bridge is online. Hot; never completes. */
  readonly commands$: Observable<DeviceCommand>
  /**
   * Serves the requests and devices, and emits a record of each request to the bridge. The bridge is online while this is
   * subscribed to, and says so on its topic at each connection. When it starts, it publishes the states of its devices, and that they are online.
   */
  readonly served$: Observable<ServeRecord>
}

/** Creates a bridge on a link to a broker, real or virtual. A `set` changes the state as it says, a `get` publishes it. */
export function localBridge(
  link: Link,
  { baseTopic = BASE_TOPIC, requests = {}, devices = {} }: LocalBridgeOptions = {},
): LocalBridge {
  const states = new Map(Object.entries(devices))
  const unavailable = new Set<string>()
  const commands = new Subject<DeviceCommand>()
  const publish = (topic: string, value: object, retain = false): void => {
    const payload = toUtf8(JSON.stringify(value))
    link.publish$({ topic: `${baseTopic}/${topic}`, payload, retain }).subscribe({
      // While the bridge is offline, nothing arrives; a later `get` returns the state.
      error: () => undefined,
    })
  }
  const publishOnline = (topic: string, isOnline: boolean): void =>
    publish(topic, { state: isOnline ? 'online' : 'offline' }, true)
  const endpoint = { ...bridgeEndpoint(baseTopic), request: callCodec }
  const served = Object.entries(requests).map(([name, handle]) =>
    requests$(link, endpoint, { params: { name } }).pipe(
      serve(({ value }) =>
        defer(() => handle(value, self)).pipe(map((data) => ({ status: 'ok' as const, data }))),
      ),
    ),
  )
  const serveDevice = (device: string, firstState: DeviceState): Observable<never> => {
    const commands$ = (action: 'get' | 'set'): Observable<never> => {
      const topic = `${baseTopic}/${device}/${action}`
      return link.messages$(`${topic}/#`).pipe(
        tap((message) => {
          const attributes = attributesIn(message, topic)
          commands.next({ device, action, attributes })
          const changes = changesBy(states.get(device) ?? firstState, attributes)
          if (changes === undefined || unavailable.has(device)) return
          self.change(device, action === 'set' ? changes : {})
        }),
        ignoreElements(),
      )
    }
    return merge(commands$('set'), commands$('get'))
  }
  const self: LocalBridge = {
    state: (device) => states.get(device),
    change: (device, changes) => {
      const state = { ...states.get(device), ...changes }
      states.set(device, state)
      publish(device, state)
    },
    setOnline: (device, isOnline) => {
      if (isOnline) unavailable.delete(device)
      else unavailable.add(device)
      publishOnline(`${device}/availability`, isOnline)
    },
    commands$: commands.asObservable(),
    served$: new Observable((subscriber) => {
      const connections$ = link.state$.pipe(
        filter(({ status }) => status === 'online'),
        tap(() => publishOnline('bridge/state', true)),
        ignoreElements(),
      )
      subscriber.add(() => publishOnline('bridge/state', false))
      for (const [device, state] of states) {
        self.setOnline(device, true)
        if (Object.keys(state).length > 0) publish(device, state)
      }
      const devices$ = Object.entries(devices).map(([device, state]) => serveDevice(device, state))
      subscriber.add(merge(...served, ...devices$, connections$).subscribe(subscriber))
    }),
  }
  return self
}
