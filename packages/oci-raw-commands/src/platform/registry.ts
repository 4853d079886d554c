import type { Authority, ClientInfo, ConnectAttempt, ConnectVerdict } from '@antiphon/broker'
import { Reason } from '@antiphon/broker'
import type { Message } from '@antiphon/core'
import { invalidArgument, quoted } from '@antiphon/core/link'
import { timingSafeEqual, createHash } from 'node:crypto'

/** A digital twin instance: a device that is registered at the platform. */
export interface Instance {
  /** The OCID of the instance, by which commands are invoked. */
  readonly id: string
  /** The user name of the device, or the CN of its certificate. */
  readonly externalKey: string
  /** The password of the device. Without a password, the device must authenticate with a certificate. */
  readonly password?: string
}

/** The client identifiers that a device has used, and those with a session that outlives its connection. */
export interface DeviceClientIds {
  readonly owned: readonly string[]
  readonly persistent: readonly string[]
}

/** What a registry reports. */
export interface RegistryObserver {
  /** Handles a message of a device; the message is acknowledged when the Promise resolves. */
  readonly onPublish: (instanceId: string, message: Message) => Promise<void> | undefined
  /** Called when a device has connected with another client identifier, or with another kind of session. */
  readonly onClientIds: (instanceId: string, clientIds: DeviceClientIds) => void
  /** Whatever has to be loaded before a device is admitted. */
  readonly ready: Promise<void> | undefined
}

/** The devices of a platform, and the client identifier of each. */
export interface Registry {
  readonly instance: (id: string) => Instance | undefined
  /**
   * Returns the client identifiers of a device's sessions that outlive their connection, which commands require; the one
   * that connected last comes first.
   */
  readonly clientIdsOf: (id: string) => readonly string[]
  /** Restores the client identifiers of a device; the one that connected last comes first. */
  readonly restore: (id: string, clientIds: DeviceClientIds) => void
  /** Authenticates devices, and passes their messages to `onPublish` instead of routing them. */
  readonly authority: Authority
}

/** Creates the registry of a platform's devices; throws `invalid-argument` if two share an id or an external key. */
export function registry(
  instances: readonly Instance[],
  { onPublish, onClientIds, ready }: RegistryObserver,
): Registry {
  const byId = indexBy(instances, 'id')
  const byKey = indexBy(instances, 'externalKey')
  const persistentClientIds = new Map<string, readonly string[]>()
  const owners = new Map<string, string>()

  /** Returns the instance of a client, or why it is refused. */
  const identify = ({ certificate, userName = '', password }: ConnectAttempt): Instance | string => {
    const instance = byKey.get(certificate?.commonName ?? userName)
    if (certificate !== undefined) {
      const { commonName } = certificate
      if (userName !== '' && userName !== commonName)
        return `the user name is ${userName}: it must be empty or the common name of the certificate, ${commonName}`
      return instance ?? `no device has the external key ${commonName}, the common name of the certificate`
    }
    if (instance === undefined) return `no device has the external key ${userName}, the user name`
    if (instance.password === undefined) return `the device ${userName} must authenticate with a certificate`
    return isSame(instance.password, password) ? instance : `the password of ${userName} is wrong`
  }

  const admit = (attempt: ConnectAttempt): ConnectVerdict => {
    const { clientId, cleanStart } = attempt
    const instance = identify(attempt)
    if (typeof instance === 'string')
      return { admit: false, reasonCode: Reason.notAuthorized, reasonString: instance }
    const { id } = instance
    // A session may contain commands: another device must not receive them by using its client identifier.
    if ((owners.get(clientId) ?? id) !== id) {
      const reasonString = `another device uses the client identifier ${clientId}, and its session may contain commands`
      return { admit: false, reasonCode: Reason.clientIdentifierNotValid, reasonString }
    }
    const before = persistentClientIds.get(id) ?? []
    // A second connection of the device, for example to look at its messages, must not hide the session with commands.
    const others = before.filter((other) => other !== clientId)
    const persistent = cleanStart ? others : [clientId, ...others]
    const isNew = !owners.has(clientId)
    owners.set(clientId, id)
    persistentClientIds.set(id, persistent)
    if (isNew || persistent.join() !== before.join()) {
      const owned = [...owners].flatMap(([owned, owner]) => (owner === id ? [owned] : []))
      onClientIds(id, { owned, persistent })
    }
    return { admit: true, principal: id }
  }

  return {
    instance: (id) => byId.get(id),
    clientIdsOf: (id) => persistentClientIds.get(id) ?? [],
    restore: (id, { owned, persistent }) => {
      for (const clientId of owned) owners.set(clientId, id)
      persistentClientIds.set(id, persistent)
    },
    authority: {
      authenticate: (attempt) => (ready === undefined ? admit(attempt) : ready.then(() => admit(attempt))),
      authorizePublish: ({ client, message }) => {
        const handled = onPublish(idOf(client), message)
        return { take: handled === undefined ? Reason.success : handled.then(() => Reason.success) }
      },
    },
  }
}

function idOf({ principal }: ClientInfo): string {
  return typeof principal === 'string' ? principal : ''
}

function indexBy(instances: readonly Instance[], name: 'id' | 'externalKey'): ReadonlyMap<string, Instance> {
  const all = new Map(instances.map((instance) => [instance[name], instance]))
  if (all.size === instances.length) return all
  const names = instances.map((instance) => instance[name])
  const duplicate = names.find((value, index) => names.indexOf(value) !== index) ?? ''
  throw invalidArgument(`two instances have the ${name} ${quoted(duplicate)}: it must be unique`)
}

/** Whether two passwords are equal, compared in constant time. */
function isSame(expected: string, actual: Uint8Array = new Uint8Array()): boolean {
  const digest = (secret: string | Uint8Array): Buffer => createHash('sha256').update(secret).digest()
  return timingSafeEqual(digest(expected), digest(actual))
}
