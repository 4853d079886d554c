import {
  createBroker,
  Reason,
  type Broker,
  type PublishRequest,
  type Storage,
  type PublishVerdict,
  type SubscribeAttempt,
  type SubscribeVerdict,
} from '@antiphon/broker'
import type { Transport } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import type { Credentials } from '@antiphon/mqtt'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { platformLimits } from '../platform-limits.js'
import { mayPublish, mayReceive, subscribeRights, type SubscribeRight } from '../topic-space.js'
import { authenticate } from './authenticate.js'
import { deviceRegistry, type DeviceRegistry } from './device-registry.js'
import { methodInvoker, type MethodInvoker } from './method-invoker.js'
import { policyRegistry, type PolicyRegistry } from './policy-registry.js'
import { GrantedSubscriptions } from './granted-subscriptions.js'
import { topicSpaceRegistry, type TopicSpaceRegistry } from './topic-space-registry.js'

/** The topics of direct methods: requests and responses. Topic spaces do not apply to them. */
const methodRequests = '$az/iot/methods/+/+'
const methodResponses = '$az/iot/methods/+/response/+'

/** The options of a hub. */
export interface HubOptions {
  /** The host name in the devices' connection strings and signatures. @defaultValue 'localhost' */
  readonly hostName?: string
  /** The keys of access policies, base64, by name. */
  readonly policies?: Readonly<Record<string, string>>
  /** The store of the devices' sessions and their queues. @defaultValue none: they are lost with the process */
  readonly storage?: Storage
  /** The scheduler of all timers and clock reads. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** A device that connects in-process. */
export interface LocalDevice extends Credentials {
  readonly clientId: string
}

/** A running hub: its devices, its topic spaces and its listeners. */
export interface Hub extends Pick<Broker, 'listen' | 'close' | 'events$' | typeof Symbol.asyncDispose> {
  readonly hostName: string
  readonly devices: DeviceRegistry
  readonly topicSpaces: TopicSpaceRegistry
  /** The access policies, whose keys sign for every device. */
  readonly policies: PolicyRegistry
  /** Invokes a direct method of a connected device; see `serveMethods`. */
  readonly invokeMethod$: MethodInvoker['invoke$']
  /** Creates an in-process transport of a device to the hub, for `linkOver`. */
  readonly transport: (device: LocalDevice) => Transport
  /** The broker of the hub, for inspection. */
  readonly broker: Broker
}

/** Creates a hub without devices, topic spaces and listeners. */
export function createHub(options: HubOptions = {}): Hub {
  const { hostName = 'localhost', policies: policyKeys = {}, scheduler = asyncScheduler, storage } = options
  const granted = new GrantedSubscriptions()
  const topicSpaces = topicSpaceRegistry()
  const devices = deviceRegistry(hostName, (deviceId) => {
    for (const { client, clientId } of broker.sessions())
      if (client?.principal === deviceId) broker.disconnect(clientId)
  })
  const policies = policyRegistry()
  for (const [name, key] of Object.entries(policyKeys)) policies.create(name, key)
  const context = {
    hostName,
    policyKey: (name: string) => policies.get(name)?.key,
    device: devices.get,
    now: () => scheduler.now(),
  }
  const broker = createBroker({
    scheduler,
    ...(storage === undefined ? {} : { storage }),
    authority: {
      authenticate: (attempt) => authenticate(attempt, context),
      authorizePublish: (request) => authorizePublish(request, topicSpaces, methods),
      authorizeSubscribe: (attempt) => {
        granted.restore(broker.sessions)
        return authorizeSubscribe(attempt, topicSpaces, granted)
      },
      // A space that was deleted or changed no longer counts for subscriptions that exist.
      authorizeDelivery: ({ client, topic }) =>
        mayReceive(topicSpaces.list(), String(client.principal), topic) ? 'allow' : 'refuse',
    },
    protocolVersions: [4],
    maximumQoS: 1,
    retainAvailable: false,
    willAvailable: false,
    sharedSubscriptions: false,
    assignsClientIds: false,
    limits: {
      connectTimeout: platformLimits.connectTimeout,
      packetSize: platformLimits.packetBytes,
      topicLength: platformLimits.topicBytes,
      topicLevels: platformLimits.topicSlashes + 1,
      filtersPerSubscribe: platformLimits.filtersPerSubscribe,
      sessionExpiryInterval: platformLimits.sessionExpiryInterval,
      receiveMaximum: platformLimits.unacknowledged,
      inFlight: platformLimits.unacknowledged,
    },
  })
  broker.events$.subscribe((event) => granted.handleEvent(event))
  const methods = methodInvoker(broker.deliver$, scheduler)
  const close = async (): Promise<void> => {
    await Promise.all([methods.close(), broker.close()])
  }
  return {
    hostName,
    devices,
    topicSpaces,
    policies,
    listen: broker.listen,
    close,
    [Symbol.asyncDispose]: close,
    events$: broker.events$,
    invokeMethod$: methods.invoke$,
    transport: (device) =>
      broker.transport({
        ...device,
        protocolVersion: 4,
        clean: false,
        sessionExpiryInterval: platformLimits.sessionExpiryInterval,
      }),
    broker,
  }
}

/** Allows a publish whose topic is in a template. A method response goes to the invoker and to no subscriber. */
function authorizePublish(
  { client, message }: PublishRequest,
  spaces: TopicSpaceRegistry,
  methods: MethodInvoker,
): PublishVerdict {
  if (isMatch(methodResponses, message.topic)) {
    methods.handleResponse(client.clientId, message)
    return { take: Reason.success }
  }
  return mayPublish(spaces.list(), String(client.principal), message.topic)
    ? 'allow'
    : {
        close: Reason.notAuthorized,
        reasonString: `no topic space allows this publish: no template matches ${message.topic} for device ${String(client.principal)}`,
      }
}

/** Allows a filter that a template covers, unless a limit on subscriptions is reached. */
function authorizeSubscribe(
  { client, filter }: SubscribeAttempt,
  spaces: TopicSpaceRegistry,
  granted: GrantedSubscriptions,
): SubscribeVerdict {
  const { clientId, principal } = client
  // Only the hub publishes to these topics, and only to the device it invokes.
  if (filter === methodRequests) return 'allow'
  const rights = subscribeRights(spaces.list(), String(principal), filter)
  if (rights.length === 0) {
    const reasonString = `no topic space for subscribing has a template that covers the filter for device ${String(principal)}`
    return { refuse: Reason.notAuthorized, reasonString }
  }
  if (granted.has(clientId, filter)) return 'allow'
  const { subscriptionsPerClient, lowFanoutSubscriptions } = platformLimits
  const hasRoom = rights.some(
    (right) =>
      right.space.type === 'HighFanout' || granted.countWithin(right.filter) < lowFanoutSubscriptions,
  )
  if (!hasRoom) return fullSpace(rights)
  if (granted.countOf(clientId) >= subscriptionsPerClient) {
    const reasonString = `the client has ${subscriptionsPerClient} subscriptions, which is the limit`
    return { refuse: Reason.quotaExceeded, reasonString }
  }
  granted.add(clientId, filter)
  return 'allow'
}

function fullSpace(rights: readonly SubscribeRight[]): SubscribeVerdict {
  const names = rights.map(({ space, filter }) => `${space.name} (${filter})`).join(', ')
  const reasonString = `the topic space ${names} has ${platformLimits.lowFanoutSubscriptions} subscriptions, which is the limit`
  return { refuse: Reason.quotaExceeded, reasonString }
}
