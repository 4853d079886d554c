import {
  createBroker,
  Reason,
  type Broker,
  type ClientInfo,
  type PublishVerdict,
  type Storage,
  type SubscribeVerdict,
} from '@antiphon/broker'
import { numberRule, requireArgument, type Transport } from '@antiphon/core/link'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { eventGridLimits } from '../event-grid-limits.js'
import { rightsOf, type ClientRights } from '../namespace-access.js'
import { authenticationNameOf } from '../namespace-client.js'
import { authenticateClient } from './authenticate-client.js'
import { OwnerStorage } from './owner-storage.js'
import { namespaceResources, toState, type NamespaceResources } from './resources.js'
import { SessionOwners } from './session-owners.js'

/** The options of a local namespace. */
export interface NamespaceOptions {
  /** From 1 to 8. @defaultValue 1 */
  readonly maximumSessionExpiryInHours?: number
  /** From 1 to 100. @defaultValue 1 */
  readonly maximumClientSessionsPerAuthenticationName?: number
  /** Where the authentication name is if the user name is empty. @defaultValue none: the user name is required */
  readonly alternativeAuthenticationNameSources?: readonly 'ClientCertificateSubject'[]
  /** The scheduler of all timers and clock reads. @defaultValue asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** Where sessions, their owners and their queues survive a restart. @defaultValue none: they are lost with the process */
  readonly storage?: Storage
}

/** A client that connects in-process. */
export interface LocalNamespaceClient {
  readonly authenticationName: string
  /** The name of the session. @defaultValue `authenticationName` */
  readonly sessionName?: string
}

/** A local stand-in for the MQTT broker of an Event Grid namespace. */
export interface EventGridNamespace extends NamespaceResources, Pick<Broker, 'listen' | 'close' | 'events$'> {
  /** Creates an in-process transport of a client to the namespace, for `linkOver`. */
  readonly transport: (client: LocalNamespaceClient) => Transport
  /** The broker of the namespace, for inspection. */
  readonly broker: Broker
}

/** Creates a namespace without clients, client groups, topic spaces, permission bindings and listeners. */
export function createNamespace(options: NamespaceOptions = {}): EventGridNamespace {
  const {
    maximumSessionExpiryInHours = 1,
    maximumClientSessionsPerAuthenticationName: maximumSessions = 1,
    alternativeAuthenticationNameSources: sources = [],
    scheduler = asyncScheduler,
    storage,
  } = options
  requireArgument('maximumSessionExpiryInHours', maximumSessionExpiryInHours, numberRule(1, 8))
  requireArgument('maximumClientSessionsPerAuthenticationName', maximumSessions, numberRule(1, 100))
  const owners = new SessionOwners((sessionName, owner) => store?.put(sessionName, owner))
  const store =
    storage && new OwnerStorage(storage, (sessionName, owner) => owners.restore(sessionName, owner))
  /** The rights of each client, until a resource changes. */
  const rights = new Map<string, ClientRights>()
  const resources = namespaceResources({
    onAccessChange: () => rights.clear(),
    onClientChange: (name) => {
      rights.delete(name)
      const client = clients.get(name)
      if (client !== undefined && client.isEnabled !== false) return
      for (const session of broker.sessions())
        if (session.client?.principal === name) broker.disconnect(session.clientId)
    },
  })
  const { clients } = resources
  const rightsOfClient = ({ principal }: ClientInfo): ClientRights => {
    const name = String(principal)
    const client = clients.get(name)
    // A client that was deleted while it is connected has no rights.
    if (client === undefined) return noRights
    const known = rights.get(name) ?? rightsOf(client, toState(resources))
    rights.set(name, known)
    return known
  }
  const context = {
    clients: clients.list,
    usesCertificateSubject: sources.includes('ClientCertificateSubject'),
    ownerOf: (sessionName: string) => owners.ownerOf(sessionName),
    sessionsOf: (authenticationName: string) => owners.sessionsOf(authenticationName),
    maximumSessions,
  }
  let isRestored = false
  const broker = createBroker({
    scheduler,
    ...(store === undefined ? {} : { storage: store }),
    authority: {
      authenticate: (attempt) => {
        // The broker has restored its sessions by now; some may have ended in the meantime.
        if (!isRestored) owners.retain(broker.sessions().map(({ clientId }) => clientId))
        isRestored = true
        return authenticateClient(attempt, context)
      },
      authorizePublish: ({ client, message }) =>
        rightsOfClient(client).mayPublish(message.topic) ? 'allow' : publishRefusal(client, message.topic),
      authorizeSubscribe: ({ client, filter }) =>
        rightsOfClient(client).maySubscribe(filter) ? 'allow' : subscribeRefusal(client),
      authorizeDelivery: ({ client, topic }) =>
        rightsOfClient(client).mayReceive(topic) ? 'allow' : 'refuse',
    },
    maximumQoS: 1,
    retainAvailable: false,
    sharedSubscriptions: false,
    assignsClientIds: false,
    limits: {
      packetSize: eventGridLimits.packetBytes,
      topicLength: eventGridLimits.topicBytes,
      topicLevels: eventGridLimits.topicLevels,
      filtersPerSubscribe: eventGridLimits.filtersPerSubscribe,
      subscriptionsPerClient: eventGridLimits.subscriptionsPerSession,
      sessionExpiryInterval: maximumSessionExpiryInHours * 3_600,
      keepAlive: eventGridLimits.keepAlive,
      topicAliases: eventGridLimits.topicAliases,
      outboundTopicAliases: 0,
      queueMessages: eventGridLimits.queueMessages,
      queueBytes: eventGridLimits.queueBytes,
    },
  })
  broker.events$.subscribe((event) => {
    if (event.type === 'connected') {
      const client = clients.get(String(event.client.principal))
      if (client !== undefined) owners.add(event.client.clientId, authenticationNameOf(client))
    }
    if (event.type === 'session-ended') owners.delete(event.clientId)
    // A session whose queue is full ends, with all that is in it.
    if (event.type === 'dropped' && event.loss === 'queue-full') broker.forget(event.clientId)
  })
  return {
    ...resources,
    listen: broker.listen,
    close: broker.close,
    events$: broker.events$,
    transport: ({ authenticationName, sessionName = authenticationName }) =>
      broker.transport({
        clientId: sessionName,
        username: authenticationName,
        protocolVersion: 5,
        clean: false,
        sessionExpiryInterval: maximumSessionExpiryInHours * 3_600,
      }),
    broker,
  }
}

const noRights: ClientRights = { mayPublish: () => false, maySubscribe: () => false, mayReceive: () => false }

/** MQTT 3.1.1 has no negative acknowledgement: its client is disconnected. */
function publishRefusal({ principal, protocolVersion }: ClientInfo, topic: string): PublishVerdict {
  const reasonString = `no permission binding allows ${String(principal)} to publish to ${topic}`
  return protocolVersion === 5
    ? { refuse: Reason.notAuthorized, reasonString }
    : { close: Reason.notAuthorized, reasonString }
}

function subscribeRefusal({ principal }: ClientInfo): SubscribeVerdict {
  const reasonString = `no permission binding allows ${String(principal)} to subscribe to all topics of the filter`
  return { refuse: Reason.notAuthorized, reasonString }
}
