import { invalidArgument, quoted } from '@antiphon/core/link'
import { eventGridLimits } from './event-grid-limits.js'

/** The value of an attribute of a client. */
export type AttributeValue = string | number | readonly string[]

/** A client of a namespace: a device or an application. */
export interface NamespaceClient {
  readonly name: string
  /** Compared without case when the client connects. @defaultValue `name` */
  readonly authenticationName?: string
  /** The attributes that queries of client groups and topic templates use. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>
  /** How the certificate of the client is checked. @defaultValue its subject is the authentication name */
  readonly validationScheme?: 'SubjectMatchesAuthenticationName' | 'ThumbprintMatch'
  /** The SHA-256 thumbprints of one or two certificates, hexadecimal, with or without colons; for `ThumbprintMatch`. */
  readonly allowedThumbprints?: readonly string[]
  /** Whether the client may connect. @defaultValue true */
  readonly isEnabled?: boolean
}

/** Returns the authentication name of a client. */
export function authenticationNameOf({ name, authenticationName = name }: NamespaceClient): string {
  return authenticationName
}

/** Checks a client; throws `invalid-argument` with the invalid value and the rule. */
export function requireClient(client: NamespaceClient): NamespaceClient {
  const { name, attributes = {}, validationScheme, allowedThumbprints: thumbprints = [] } = client
  const invalid = (why: string): Error => invalidArgument(`invalid client ${quoted(name)}: ${why}`)
  if (!/^[\w.:-]{1,128}$/.test(name))
    throw invalid('its name must be 1 to 128 letters, digits, dashes, colons, dots and underscores')
  const authenticationName = authenticationNameOf(client)
  if (authenticationName.length < 1 || authenticationName.length > 128)
    throw invalid('its authentication name must be 1 to 128 characters')
  for (const [key, value] of Object.entries(attributes)) {
    if (!/^\w+$/.test(key))
      throw invalid(`the attribute ${quoted(key)} must consist of letters, digits and underscores`)
    if (typeof value === 'number' && !Number.isInteger(value))
      throw invalid(`the attribute ${key} is ${value}: it must be a text, a whole number or a list of texts`)
  }
  if (validationScheme === 'ThumbprintMatch') {
    const { thumbprintsPerClient } = eventGridLimits
    if (thumbprints.length < 1 || thumbprints.length > thumbprintsPerClient)
      throw invalid(`it has ${thumbprints.length} thumbprints: it must have 1 or ${thumbprintsPerClient}`)
  } else if (thumbprints.length > 0)
    throw invalid('allowedThumbprints need the validationScheme ThumbprintMatch')
  return client
}
