/** How a device proves who it is: a signature as base64 text, the same as raw bytes, or a certificate. */
export type CredentialMethod = 'SASb64' | 'SAS' | 'X509'

/** The version of the protocol that a username names. */
export const apiVersion = '2021-06-30-preview'

/** What a username says. Times are milliseconds. */
export interface UsernameFields {
  readonly hostName: string
  readonly deviceId: string
  readonly moduleId?: string
  /** The id of the device's digital twin model. */
  readonly modelId?: string
  /** What the client says of itself. */
  readonly clientAgent?: string
  /** A `CredentialMethod`, where the hub knows it. */
  readonly method: string
  readonly expiresAt?: number
  readonly issuedAt?: number
  /** The name of the access policy whose key signs, in place of the device's own. */
  readonly policy?: string
}

/** The username in the order in which devices write it. */
export function formatUsername(fields: UsernameFields): string {
  const { hostName, deviceId, moduleId, modelId, clientAgent, method, expiresAt, issuedAt, policy } = fields
  const pairs: readonly (readonly [string, string | number | undefined])[] = [
    ['h', hostName],
    ['did', deviceId],
    ['av', apiVersion],
    ['mid', moduleId],
    ['dtmi', modelId],
    ['ca', clientAgent],
    ['am', method],
    ['se', expiresAt],
    ['sa', issuedAt],
    ['sp', policy],
  ]
  return pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
}

/** What the pairs of a username say, in whatever order; `undefined` for what is none. The first of a repeated pair counts. */
export function parseUsername(username: string): ReadonlyMap<string, string> | undefined {
  const pairs = new Map<string, string>()
  try {
    for (const pair of username.split('&')) {
      const at = pair.indexOf('=')
      if (at < 1) return undefined
      const name = decodeURIComponent(pair.slice(0, at))
      if (!pairs.has(name)) pairs.set(name, decodeURIComponent(pair.slice(at + 1)))
    }
  } catch {
    return undefined
  }
  return pairs
}
