/** How a device authenticates: by a signature as base64 text, the signature as raw bytes, or a certificate. */
export type CredentialMethod = 'SASb64' | 'SAS' | 'X509'

/** The API version in the username. */
export const apiVersion = '2021-06-30-preview'

/** The fields of a username. Times are milliseconds since 1970. */
export interface UsernameFields {
  readonly hostName: string
  readonly deviceId: string
  readonly moduleId?: string
  /** The id of the device's digital twin model. */
  readonly modelId?: string
  /** The client's description of itself. */
  readonly clientAgent?: string
  /** A `CredentialMethod`; the hub refuses other methods. */
  readonly method: string
  readonly expiresAt?: number
  readonly issuedAt?: number
  /** The name of the access policy whose key signs in place of the device's own. */
  readonly policy?: string
}

/** Formats a username, with its fields in the order of Azure's devices. */
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

/** Parses the fields of a username in any order. Returns `undefined` if it is malformed. The first of a repeated field counts. */
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
