import { createHash, timingSafeEqual } from 'node:crypto'
import { Reason } from '@antiphon/packet'
import type { Authority, ClientInfo, ConnectAttempt, ConnectVerdict } from '../authority/authority.js'
import type { AccessRights, AccessRules } from './access-rules.js'
import { PasswordChecks } from './password-checks.js'
import { formatHash } from './password-hash.js'
import type { PasswordHash } from './password-hash.js'
import type { Passwords } from './password-file.js'

/** Who may connect, and what clients may do. */
export interface AccessSources {
  /** Users with their passwords. */
  readonly users: ReadonlyMap<string, string>
  /** The users of a password file; `undefined` without such a file. */
  readonly passwords: Passwords | undefined
  /** Whether the common name of a client's certificate is its user; such a client needs no password. */
  readonly isCertificateUser: boolean
  /** Whether clients without user name may connect although there are users. */
  readonly allowsAnonymous: boolean
  /** The rules of an ACL file; `undefined` without such a file: clients may do everything. */
  readonly rules: AccessRules | undefined
}

/** The principal of a client that access control admitted. */
interface AccessPrincipal {
  readonly user: string | undefined
}

/** Admits clients by user and password or certificate, and authorizes what they do by the rules of an ACL file. */
export class AccessControl {
  #sources: AccessSources
  readonly #checks = new PasswordChecks()
  /** The rights of connected clients by the rules in force. */
  #rights = new WeakMap<ClientInfo, AccessRights>()

  constructor(sources: AccessSources) {
    this.#sources = sources
  }

  /** Replaces the users and rules. Clients stay connected. */
  update(sources: AccessSources): void {
    this.#sources = sources
    this.#rights = new WeakMap()
  }

  /** Whether the user of a connected client still exists. */
  isKnown(client: ClientInfo): boolean {
    const user = userOf(client)
    const { users, passwords, isCertificateUser } = this.#sources
    const isCertified = isCertificateUser && client.certificate !== undefined
    return user === undefined || isCertified || users.has(user) || passwords?.has(user) === true
  }

  /** Returns the hooks of a broker; only those that the sources need. */
  authority(): Authority {
    const { users, passwords, isCertificateUser, rules } = this.#sources
    const needsUser = users.size > 0 || passwords !== undefined || isCertificateUser
    return {
      ...(needsUser ? { authenticate: (attempt) => this.#authenticate(attempt) } : {}),
      ...(rules === undefined
        ? {}
        : {
            authorizePublish: ({ client, message }) =>
              this.#rightsOf(client)?.mayPublish(message.topic) === false
                ? { refuse: Reason.notAuthorized }
                : 'allow',
            authorizeSubscribe: ({ client, filter }) =>
              this.#rightsOf(client)?.maySubscribe(filter) === false
                ? { refuse: Reason.notAuthorized }
                : 'allow',
            // Also for subscriptions from before a reload.
            authorizeDelivery: ({ client, topic }) =>
              this.#rightsOf(client)?.mayReceive(topic) === false ? 'refuse' : 'allow',
          }),
    }
  }

  #authenticate(attempt: ConnectAttempt): ConnectVerdict | Promise<ConnectVerdict> {
    const { users, passwords, isCertificateUser, allowsAnonymous } = this.#sources
    const { certificate, userName, password = new Uint8Array() } = attempt
    if (isCertificateUser && certificate !== undefined)
      return certificate.commonName === '' ? refusal : admission(certificate.commonName)
    if (userName === undefined) return allowsAnonymous ? admission(undefined) : refusal
    const expected = users.get(userName)
    if (expected !== undefined)
      return timingSafeEqual(digest(expected), digest(password)) ? admission(userName) : refusal
    if (passwords === undefined) return refusal
    const hash = passwords.get(userName)
    const checked = this.#checks.check(password, hash)
    // The file may have been reloaded during the check.
    const toVerdict = (isRight: boolean): ConnectVerdict =>
      isRight && this.#isCurrent(userName, hash) ? admission(userName) : refusal
    if (checked === 'busy') return busy
    return typeof checked === 'boolean' ? toVerdict(checked) : checked.then(toVerdict)
  }

  #isCurrent(userName: string, hash: PasswordHash | undefined): boolean {
    const current = this.#sources.passwords?.get(userName)
    return hash !== undefined && current !== undefined && formatHash(current) === formatHash(hash)
  }

  #rightsOf(client: ClientInfo): AccessRights | undefined {
    const known = this.#rights.get(client)
    if (known !== undefined) return known
    const { clientId } = client
    const rights = this.#sources.rules?.rightsOf({ clientId, user: userOf(client) })
    if (rights !== undefined) this.#rights.set(client, rights)
    return rights
  }
}

const refusal: ConnectVerdict = { admit: false, reasonCode: Reason.notAuthorized }
const busy: ConnectVerdict = {
  admit: false,
  reasonCode: Reason.serverBusy,
  reasonString: 'too many clients wait for the check of their password',
}

function admission(user: string | undefined): ConnectVerdict {
  const principal: AccessPrincipal = { user }
  return { admit: true, principal }
}

/** Returns the user of a client that was admitted. A user name that was not checked does not count. */
function userOf({ principal }: ClientInfo): string | undefined {
  return (principal as AccessPrincipal | undefined)?.user
}

function digest(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest()
}
