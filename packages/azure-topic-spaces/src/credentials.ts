import { invalidArgument } from '@antiphon/core/link'
import type { Credentials } from '@antiphon/mqtt'
import { clientIdOf, type ConnectionString } from './connection-string.js'
import { formatUsername, type CredentialMethod } from './username.js'

/** The parts of a credential that are not in the connection string. */
export interface CredentialOptions {
  /** How the device authenticates. @defaultValue `SASb64`, or `X509` for a connection string without a key */
  readonly method?: CredentialMethod | undefined
  /**
   * The access policy, if the connection string contains the policy's key in place of the device's own.
   * @defaultValue `SharedAccessKeyName` of the connection string
   */
  readonly policy?: string | undefined
  /** The id of the device's digital twin model. */
  readonly modelId?: string | undefined
  /** The client's description of itself. */
  readonly clientAgent?: string | undefined
}

/** The options of one credential. Times are milliseconds since 1970, rounded down to seconds. */
export interface CredentialRequest extends CredentialOptions {
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Creates the username and password of one connection. */
export async function toCredentials(
  device: ConnectionString,
  request: CredentialRequest,
): Promise<Credentials> {
  const { hostName, deviceId, moduleId, sharedAccessKey: key, sharedAccessKeyName } = device
  const {
    method = key === undefined ? 'X509' : 'SASb64',
    policy = sharedAccessKeyName,
    modelId,
    clientAgent,
  } = request
  const fields = {
    hostName,
    deviceId,
    method,
    ...(moduleId !== undefined && { moduleId }),
    ...(modelId !== undefined && { modelId }),
    ...(clientAgent !== undefined && { clientAgent }),
    ...(policy !== undefined && { policy }),
  }
  if (method === 'X509') return { username: formatUsername(fields) }
  if (key === undefined)
    throw invalidArgument(`method is ${method}: it needs a SharedAccessKey in the connection string`)
  const issuedAt = floorToSeconds(request.issuedAt)
  const expiresAt = floorToSeconds(request.expiresAt)
  const clientId = clientIdOf(device)
  const signature = await sign(key, toSignedText({ hostName, clientId, policy, issuedAt, expiresAt }))
  return {
    username: formatUsername({ ...fields, issuedAt, expiresAt }),
    password: method === 'SAS' ? signature : btoa(String.fromCharCode(...signature)),
  }
}

/** The fields that a signature covers. Times have the format of the username. */
export interface SignedFields {
  readonly hostName: string
  readonly clientId: string
  readonly policy?: string | undefined
  readonly issuedAt?: number | string | undefined
  readonly expiresAt: number | string
}

/** Formats the text to sign: five lines, with an empty line for an absent field. */
export function toSignedText(fields: SignedFields): string {
  const { hostName, clientId, policy = '', issuedAt = '', expiresAt } = fields
  return `${hostName}\n${clientId}\n${policy}\n${issuedAt}\n${expiresAt}\n`
}

async function sign(key: string, text: string): Promise<Uint8Array> {
  const { subtle } = globalThis.crypto
  const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0))
  const secret = await subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await subtle.sign('HMAC', secret, new TextEncoder().encode(text)))
}

function floorToSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000
}
