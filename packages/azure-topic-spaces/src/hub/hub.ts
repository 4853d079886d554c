import {
  createBroker,
  Reason,
  type Broker,
  type PublishRequest,
  type PublishVerdict,
  type SubscribeAttempt,
  type SubscribeVerdict,
} from '@antiphon/broker'
import type { Transport } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import type { Credentials } from '@antiphon/mqtt'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { platformLimits } from '../platform-limits.js'
import { mayPublish, subscribeRights } from '../topic-space.js'
import { authenticate } from './authenticate.js'
import { deviceRegistry, type DeviceRegistry } from './device-registry.js'
import { methodInvoker, type MethodInvoker } from './method-invoker.js'
import { SubscriptionLedger } from './subscription-ledger.js'
import { topicSpaceRegistry, type TopicSpaceRegistry } from './topic-space-registry.js'

/** Where a device is called, and where it answers: no topic space is about these. */
const methodRequests = '$az/iot/methods/+/+'
const methodResponses = '$az/iot/methods/+/response/+'

/** How a hub is made. */
export interface HubOptions {
  /** The name that devices sign for, as their `HostName`. @defaultValue 'localhost' */
  readonly hostName?: string
  /** The keys of access policies, base64, by name. */
  readonly policies?: Readonly<Record<string, string>>
  /** The clock and the timers. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
}

/** A device in the same process. */
export interface LocalDevice extends Credentials {
  readonly clientId: string
}

/** A running hub: its devices, its topic spaces, and where it listens. */
export interface Hub extends Pick<Broker, 'listen' | 'close' | 'events$'> {
  readonly hostName: string
  readonly devices: DeviceRegistry
  readonly topicSpaces: TopicSpaceRegistry
  /** Calls a direct method of a device that is connected; see `serveMethods`. */
  readonly invokeMethod$: MethodInvoker['invoke$']
  /** A device's conversation with the hub without a socket, as `linkOver` takes it. */
  readonly transport: (device: LocalDevice) => Transport
  /** The broker underneath, to look into. */
  readonly broker: Broker
}

/** Starts a hub; it knows no devices and no topic spaces, and listens nowhere, until it is told. */
export function createHub(options: HubOptions = {}): Hub {
  const { hostName = 'localhost', policies = {}, scheduler = asyncScheduler } = options
  const ledger = new SubscriptionLedger()
  const topicSpaces = topicSpaceRegistry()
  const devices = deviceRegistry(hostName, (deviceId) => {
    for (const { client, clientId } of broker.sessions())
      if (client?.principal === deviceId) broker.disconnect(clientId)
  })
  const book = { hostName, policies, device: devices.get, now: () => scheduler.now() }
  const broker = createBroker({
    scheduler,
    authority: {
      authenticate: (attempt) => authenticate(attempt, book),
      authorizePublish: (request) => judgePublish(request, topicSpaces, methods),
      authorizeSubscribe: (attempt) => judgeSubscribe(attempt, topicSpaces, ledger),
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
      sessionExpiry: platformLimits.sessionExpiry,
      receiveMaximum: platformLimits.unacknowledged,
      inFlight: platformLimits.unacknowledged,
    },
  })
  broker.events$.subscribe((event) => ledger.follow(event))
  const methods = methodInvoker(broker.deliver$, scheduler)
  return {
    hostName,
    devices,
    topicSpaces,
    listen: broker.listen,
    close: async () => {
      await Promise.all([methods.close(), broker.close()])
    },
    events$: broker.events$,
    invokeMethod$: methods.invoke$,
    transport: (device) =>
      broker.transport({
        ...device,
        protocolVersion: 4,
        clean: false,
        sessionExpiryInterval: platformLimits.sessionExpiry,
      }),
    broker,
  }
}

/** Decides on one message: a template must hold its topic, or it answers a method, which goes to nobody else. */
function judgePublish(
  { client, message }: PublishRequest,
  spaces: TopicSpaceRegistry,
  methods: MethodInvoker,
): PublishVerdict {
  if (isMatch(methodResponses, message.topic)) {
    methods.answered(client.clientId, message)
    return { take: Reason.success }
  }
  return mayPublish(spaces.list(), String(client.principal), message.topic)
    ? 'allow'
    : { close: Reason.notAuthorized, reasonString: 'no topic space allows this publish' }
}

/** Decides on one filter: a template must cover it, and have room for one more where its space is for few. */
function judgeSubscribe(
  { client, filter }: SubscribeAttempt,
  spaces: TopicSpaceRegistry,
  ledger: SubscriptionLedger,
): SubscribeVerdict {
  const { clientId, principal } = client
  // Only the hub publishes there, and to one device at a time.
  if (filter === methodRequests) return 'allow'
  const rights = subscribeRights(spaces.list(), String(principal), filter)
  if (rights.length === 0) return { refuse: Reason.notAuthorized }
  if (ledger.has(clientId, filter)) return 'allow'
  const { subscriptionsPerClient, lowFanoutSubscriptions } = platformLimits
  const hasRoom = rights.some(
    (right) => right.space.type === 'HighFanout' || ledger.countWithin(right.filter) < lowFanoutSubscriptions,
  )
  if (!hasRoom || ledger.countOf(clientId) >= subscriptionsPerClient) return { refuse: Reason.quotaExceeded }
  ledger.add(clientId, filter)
  return 'allow'
}
