import { invalidArgument } from '@antiphon/core/link'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** An API key of an OCI user. */
export interface ApiKey {
  /** `<tenancy>/<user>/<fingerprint>`. */
  readonly keyId: string
  /** The private key, PEM. */
  readonly privateKey: string
  readonly passphrase?: string
  /** The region of the profile, such as `eu-frankfurt-1`. */
  readonly region?: string
}

/** Where a configuration file of the OCI command line is. */
export interface ConfigLocation {
  /** The configuration file of the OCI command line. @defaultValue '~/.oci/config' */
  readonly file?: string
  /** The profile in the file. @defaultValue 'DEFAULT' */
  readonly profile?: string
}

/**
 * Reads an API key from the configuration file that OCI's command line and SDKs use. Throws `invalid-argument` if the file,
 * the profile or a value is missing.
 */
export function readApiKey({ file = '~/.oci/config', profile = 'DEFAULT' }: ConfigLocation = {}): ApiKey {
  const values = readProfile(readText(file), profile)
  if (values === undefined)
    throw invalidArgument(`${file} has no profile [${profile}]: add it, or name another`)
  const required = (name: string): string => {
    const value = values.get(name)
    if (value === undefined) throw invalidArgument(`profile [${profile}] of ${file} has no ${name}: add it`)
    return value
  }
  const passphrase = values.get('pass_phrase')
  const region = values.get('region')
  return {
    keyId: `${required('tenancy')}/${required('user')}/${required('fingerprint')}`,
    privateKey: readText(required('key_file')),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(region === undefined ? {} : { region }),
  }
}

/** Returns the values of a profile, with those of `DEFAULT` where it has none; `undefined` if there is no such profile. */
function readProfile(text: string, profile: string): ReadonlyMap<string, string> | undefined {
  const profiles = new Map<string, Map<string, string>>()
  let values = new Map<string, string>()
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    const name = /^\[(.+)\]$/.exec(line)?.[1]
    const [, key, value] = /^([^#;=\s][^=]*?)\s*=\s*(.*)$/.exec(line) ?? []
    if (name !== undefined) profiles.set(name, (values = new Map<string, string>()))
    else if (key !== undefined && value !== undefined) values.set(key, value)
  }
  const own = profiles.get(profile)
  return own === undefined ? undefined : new Map([...(profiles.get('DEFAULT') ?? []), ...own])
}

function readText(path: string): string {
  const file = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalidArgument(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
