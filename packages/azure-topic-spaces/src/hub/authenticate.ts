import { Reason, type ConnectVerdict, type ConnectAttempt } from '@antiphon/broker'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { clientIdOf } from '../connection-string.js'
import { toSignedText } from '../credentials.js'
import { platformLimits } from '../platform-limits.js'
import { apiVersion, parseUsername } from '../username.js'
import type { Device } from './device-registry.js'

/** What the hub checks a connection attempt against. */
export interface AuthenticationContext {
  readonly hostName: string
  readonly device: (deviceId: string) => Device | undefined
  /** Returns the key of an access policy, base64. */
  readonly policyKey: (name: string) => string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

type Pairs = ReadonlyMap<string, string>

/** Admits or refuses a client: CONNACK 4 if the username has no authentication method, 5 for every other reason. */
export function authenticate(attempt: ConnectAttempt, context: AuthenticationContext): ConnectVerdict {
  const pairs = parseUsername(attempt.userName ?? '')
  const method = pairs?.get('am')
  if (pairs === undefined || method === undefined)
    return refuse(Reason.badUserNameOrPassword, 'the username has no authentication method (am)')
  const fault = identityFault(attempt, pairs, context)
  if (fault !== undefined) return refuse(Reason.notAuthorized, fault)
  const deviceId = deviceIdIn(attempt, pairs)
  if (method === 'X509') {
    return attempt.certificate?.commonName === deviceId && context.device(deviceId)?.keys.length === 0
      ? { admit: true, principal: deviceId }
      : refuse(Reason.notAuthorized, certificateFault(attempt, context.device(deviceId)))
  }
  if (method !== 'SASb64' && method !== 'SAS')
    return refuse(Reason.notAuthorized, `the authentication method ${method} is unknown`)
  const expiresAt = Number(pairs.get('se') || NaN)
  if (!(expiresAt > context.now()))
    return refuse(Reason.notAuthorized, 'the credential has expired, or has no expiry (se)')
  return isSigned(attempt, pairs, context)
    ? { admit: true, principal: deviceId, expiresAt }
    : refuse(Reason.notAuthorized, signatureFault(pairs))
}

function identityFault(
  attempt: ConnectAttempt,
  pairs: Pairs,
  context: AuthenticationContext,
): string | undefined {
  const { clientId, keepAlive, listener } = attempt
  const [deviceId, moduleId] = [deviceIdIn(attempt, pairs), moduleIdIn(attempt, pairs)]
  // Without a host name, the client has named the hub by SNI.
  if ((pairs.get('h') ?? context.hostName) !== context.hostName)
    return 'the host name (h) is not that of this hub'
  if (pairs.get('av') !== apiVersion) return `the API version (av) is not ${apiVersion}`
  if (clientId !== clientIdOf({ deviceId, ...(moduleId !== undefined && { moduleId }) }))
    return 'the client identifier does not match did and mid'
  const policy = pairs.get('sp')
  if (policy !== undefined && context.policyKey(policy) === undefined)
    return `the access policy (sp) ${policy} is unknown`
  const device = context.device(deviceId)
  if (device === undefined) return `the device ${deviceId} is unknown: create it first`
  if (!device.isEnabled) return `the device ${deviceId} is disabled`
  // An in-process client has no Keep Alive.
  const isEndless = keepAlive === 0 && listener !== 'in-process'
  if (isEndless || keepAlive > platformLimits.keepAlive)
    return `Keep Alive is ${keepAlive} s: it must be from 1 to ${platformLimits.keepAlive} s`
  return undefined
}

/** Returns the device of a client: `did`, or without it the first part of the client identifier. */
function deviceIdIn({ clientId }: ConnectAttempt, pairs: Pairs): string {
  return pairs.get('did') ?? clientId.split('/')[0] ?? ''
}

function moduleIdIn({ clientId }: ConnectAttempt, pairs: Pairs): string | undefined {
  return pairs.get('mid') ?? (pairs.has('did') ? undefined : clientId.split('/')[1])
}

function isSigned(attempt: ConnectAttempt, pairs: Pairs, context: AuthenticationContext): boolean {
  const policy = pairs.get('sp')
  const keys =
    policy === undefined
      ? (context.device(deviceIdIn(attempt, pairs))?.keys ?? [])
      : [context.policyKey(policy) ?? '']
  const text = toSignedText({
    hostName: context.hostName,
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

function signatureFault(pairs: Pairs): string {
  const policy = pairs.get('sp')
  const keys = policy === undefined ? 'either key of the device' : `the key of the policy ${policy}`
  return `the signature is wrong: it must be made with ${keys} over h, the client identifier, sp, sa and se`
}

function certificateFault({ certificate }: ConnectAttempt, device: Device | undefined): string {
  if (certificate === undefined)
    return 'the client has no certificate that an authority of this hub has signed (X509)'
  return device?.keys.length === 0
    ? `the common name of the client certificate is ${certificate.commonName}: it must be the id of the device`
    : 'the device authenticates with a key: create it with the method x509 to use a certificate'
}

function refuse(reasonCode: number, reasonString: string): ConnectVerdict {
  return { admit: false, reasonCode, reasonString }
}
