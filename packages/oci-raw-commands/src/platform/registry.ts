import type { Authority, ClientInfo, ConnectAttempt } from '@antiphon/broker'
import { Reason } from '@antiphon/broker'
import type { Message } from '@antiphon/core'
import { invalidArgument, quoted } from '@antiphon/core/link'
import { timingSafeEqual, createHash } from 'node:crypto'

/** A digital twin instance: a device as the platform knows it. */
export interface Instance {
  /** Its OCID, by which it is invoked. */
  readonly id: string
  /** What the device calls itself: its user name, or the CN of its certificate. */
  readonly externalKey: string
  /** Without one, only a certificate lets the device in. */
  readonly password?: string
}

/** The session of a device. */
interface Presence {
  readonly clientId: string
  /** Whether it keeps its session, and can take commands. */
  readonly isKept: boolean
}

/** Who the devices are, and under which client id each was last seen. */
export interface Registry {
  readonly instance: (id: string) => Instance | undefined
  /** The client id to deliver to; `undefined` where the device cannot take commands. */
  readonly clientIdOf: (id: string) => string | undefined
  /** Lets devices in, and hands over what they publish: nothing of it is routed. */
  readonly authority: Authority
}

/** The devices of a platform; throws `invalid-argument` where two share an id or an external key. */
export function registry(
  instances: readonly Instance[],
  received: (instanceId: string, message: Message) => void,
): Registry {
  const byId = unique(instances, 'id')
  const byKey = unique(instances, 'externalKey')
  const presences = new Map<string, Presence>()
  const owners = new Map<string, string>()

  const identify = ({ certificate, userName, password }: ConnectAttempt): Instance | undefined => {
    if (certificate !== undefined) {
      const isMeant = userName === undefined || userName === certificate.commonName
      return isMeant ? byKey.get(certificate.commonName) : undefined
    }
    const instance = byKey.get(userName ?? '')
    return instance?.password !== undefined && isSame(instance.password, password) ? instance : undefined
  }

  return {
    instance: (id) => byId.get(id),
    clientIdOf: (id) => {
      const presence = presences.get(id)
      return presence?.isKept === true ? presence.clientId : undefined
    },
    authority: {
      authenticate: (attempt) => {
        const instance = identify(attempt)
        if (instance === undefined) return { admit: false, reasonCode: Reason.notAuthorized }
        const { clientId, cleanStart } = attempt
        // A session may hold commands: nobody else gets at them by its client id.
        if ((owners.get(clientId) ?? instance.id) !== instance.id) {
          return { admit: false, reasonCode: Reason.clientIdentifierNotValid }
        }
        owners.set(clientId, instance.id)
        presences.set(instance.id, { clientId, isKept: !cleanStart })
        return { admit: true, principal: instance.id }
      },
      authorizePublish: ({ client, message }) => {
        received(idOf(client), message)
        return { take: Reason.success }
      },
    },
  }
}

function idOf({ principal }: ClientInfo): string {
  return typeof principal === 'string' ? principal : ''
}

function unique(instances: readonly Instance[], name: 'id' | 'externalKey'): ReadonlyMap<string, Instance> {
  const all = new Map(instances.map((instance) => [instance[name], instance]))
  if (all.size === instances.length) return all
  const names = instances.map((instance) => instance[name])
  const twice = names.find((value, index) => names.indexOf(value) !== index) ?? ''
  throw invalidArgument(`two instances have the ${name} ${quoted(twice)}: each needs one of its own`)
}

/** In the same time whatever the password is. */
function isSame(expected: string, given: Uint8Array = new Uint8Array()): boolean {
  const digest = (secret: string | Uint8Array): Buffer => createHash('sha256').update(secret).digest()
  return timingSafeEqual(digest(expected), digest(given))
}
