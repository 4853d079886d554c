import { Reason, type ConnectVerdict, type ConnectAttempt } from '@antiphon/broker'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { clientIdOf } from '../connection-string.js'
import { toSignedText } from '../credentials.js'
import { platformLimits } from '../platform-limits.js'
import { parseUsername } from '../username.js'
import type { Device } from './device-registry.js'

/** What the hub knows when somebody knocks. */
export interface GuestBook {
  readonly hostName: string
  readonly device: (deviceId: string) => Device | undefined
  /** The keys of the access policies, base64, by name. */
  readonly policies: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

type Pairs = ReadonlyMap<string, string>

/** Decides who may connect: CONNACK 4 for a username that names no method, 5 for everything else that does not fit. */
export function authenticate(attempt: ConnectAttempt, book: GuestBook): ConnectVerdict {
  const pairs = parseUsername(attempt.userName ?? '')
  const method = pairs?.get('am')
  if (pairs === undefined || method === undefined)
    return refuse(Reason.badUserNameOrPassword, 'the username names no authentication method, am')
  const fault = identityFault(attempt, pairs, book)
  if (fault !== undefined) return refuse(Reason.notAuthorized, fault)
  const deviceId = pairs.get('did') ?? ''
  if (method === 'X509') {
    return attempt.certificate?.commonName === deviceId && book.device(deviceId)?.keys.length === 0
      ? { admit: true, principal: deviceId }
      : refuse(Reason.notAuthorized, 'the client shows no certificate of the device')
  }
  if (method !== 'SASb64' && method !== 'SAS')
    return refuse(Reason.notAuthorized, `the authentication method ${method} is unknown`)
  const expiresAt = Number(pairs.get('se') || NaN)
  if (!(expiresAt > book.now()))
    return refuse(Reason.notAuthorized, 'the credential has expired, or names no se')
  return isSigned(attempt, pairs, book)
    ? { admit: true, principal: deviceId, expiresAt }
    : refuse(Reason.notAuthorized, 'the signature is wrong')
}

function identityFault(attempt: ConnectAttempt, pairs: Pairs, book: GuestBook): string | undefined {
  const { clientId, keepAlive, listener } = attempt
  const [deviceId, moduleId] = [pairs.get('did') ?? '', pairs.get('mid')]
  if (pairs.get('h') !== book.hostName) return 'h is not the name of this hub'
  if (!pairs.has('av')) return 'av is missing'
  if (clientId !== clientIdOf({ deviceId, ...(moduleId !== undefined && { moduleId }) }))
    return 'the client id is not that of did and mid'
  if (book.device(deviceId)?.isEnabled !== true) return 'the device is unknown or disabled'
  // A link within the process has no keep alive.
  const isEndless = keepAlive === 0 && listener !== 'in-process'
  if (isEndless || keepAlive > platformLimits.keepAlive)
    return `the keep alive is ${keepAlive} s: 1 to ${platformLimits.keepAlive} are allowed`
  return undefined
}

function isSigned(attempt: ConnectAttempt, pairs: Pairs, book: GuestBook): boolean {
  const policy = pairs.get('sp')
  const keys =
    policy === undefined ? (book.device(pairs.get('did') ?? '')?.keys ?? []) : [book.policies[policy] ?? '']
  const text = toSignedText({
    hostName: book.hostName,
    clientId: attempt.clientId,
    policy,
    issuedAt: pairs.get('sa'),
    expiresAt: pairs.get('se') ?? '',
  })
  const password = Buffer.from(attempt.password ?? [])
  const isText = pairs.get('am') === 'SASb64'
  return keys.some((key) => {
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest()
    const expected = isText ? Buffer.from(signature.toString('base64')) : signature
    return key !== '' && expected.length === password.length && timingSafeEqual(expected, password)
  })
}

function refuse(reasonCode: number, reasonString: string): ConnectVerdict {
  return { admit: false, reasonCode, reasonString }
}
