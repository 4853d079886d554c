import type { Authority, ClientInfo, ConnectAttempt } from '@antiphon/broker'
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

/** The devices of a platform, and the client identifier of each. */
export interface Registry {
  readonly instance: (id: string) => Instance | undefined
  /**
   * Returns the client identifiers of a device's sessions that outlive their connection, which commands require; the one
   * that connected last comes first.
   */
  readonly clientIdsOf: (id: string) => readonly string[]
  /** Authenticates devices, and passes their messages to `onPublish` instead of routing them. */
  readonly authority: Authority
}

/** Creates the registry of a platform's devices; throws `invalid-argument` if two share an id or an external key. */
export function registry(
  instances: readonly Instance[],
  onPublish: (instanceId: string, message: Message) => void,
): Registry {
  const byId = indexBy(instances, 'id')
  const byKey = indexBy(instances, 'externalKey')
  const persistentClientIds = new Map<string, readonly string[]>()
  const owners = new Map<string, string>()

  const identify = ({ certificate, userName, password }: ConnectAttempt): Instance | undefined => {
    if (certificate !== undefined) {
      const isSameName = userName === undefined || userName === certificate.commonName
      return isSameName ? byKey.get(certificate.commonName) : undefined
    }
    const instance = byKey.get(userName ?? '')
    return instance?.password !== undefined && isSame(instance.password, password) ? instance : undefined
  }

  return {
    instance: (id) => byId.get(id),
    clientIdsOf: (id) => persistentClientIds.get(id) ?? [],
    authority: {
      authenticate: (attempt) => {
        const instance = identify(attempt)
        if (instance === undefined) return { admit: false, reasonCode: Reason.notAuthorized }
        const { clientId, cleanStart } = attempt
        // A session may contain commands: another device must not receive them by using its client identifier.
        if ((owners.get(clientId) ?? instance.id) !== instance.id) {
          return { admit: false, reasonCode: Reason.clientIdentifierNotValid }
        }
        owners.set(clientId, instance.id)
        // A second connection of the device, for example to look at its messages, must not hide the session with commands.
        const others = (persistentClientIds.get(instance.id) ?? []).filter((other) => other !== clientId)
        persistentClientIds.set(instance.id, cleanStart ? others : [clientId, ...others])
        return { admit: true, principal: instance.id }
      },
      authorizePublish: ({ client, message }) => {
        onPublish(idOf(client), message)
        return { take: Reason.success }
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
