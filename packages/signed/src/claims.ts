import { RejectionError } from './rejection.js'

/** What a signature says about its message. */
export interface Claims {
  /** When it was signed, in seconds since 1970. */
  readonly iat: number
  /** A random text, by which a replay is recognised. */
  readonly jti: string
  /** The digest of the message. */
  readonly dig: string
  /** In a response: what it responds to. */
  readonly req?: string
}

/** Reads claims; throws `malformed` if they are none. */
export function toClaims(payload: Uint8Array): Claims {
  let claims: Partial<Record<keyof Claims, unknown>>
  try {
    claims = Object(JSON.parse(new TextDecoder().decode(payload))) as typeof claims
  } catch {
    throw new RejectionError('malformed')
  }
  const { iat, jti, dig, req } = claims
  if (typeof iat !== 'number' || typeof jti !== 'string' || typeof dig !== 'string')
    throw new RejectionError('malformed')
  return { iat, jti, dig, ...(typeof req === 'string' && { req }) }
}
