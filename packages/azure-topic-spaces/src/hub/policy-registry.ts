import { invalidArgument, quoted } from '@antiphon/core/link'
import { randomBytes } from 'node:crypto'
import { isBase64 } from '../connection-string.js'

/** An access policy: its key signs for every device. */
export interface Policy {
  readonly name: string
  /** Base64. */
  readonly key: string
}

/** The access policies of a hub, by name. */
export interface PolicyRegistry {
  /** Adds a policy, with a random key by default; throws `invalid-argument` if it is invalid or exists already. */
  readonly create: (name: string, key?: string) => Policy
  readonly get: (name: string) => Policy | undefined
  readonly list: () => readonly Policy[]
  readonly delete: (name: string) => void
  /** Replaces all policies. */
  readonly load: (policies: readonly Policy[]) => void
}

/** Creates an empty registry. */
export function policyRegistry(): PolicyRegistry {
  const policies = new Map<string, Policy>()
  return {
    create: (name, key = randomBytes(32).toString('base64')) => {
      if (!/^[\w-]{1,64}$/.test(name))
        throw invalidArgument(
          `invalid policy ${quoted(name)}: its name must be 1 to 64 letters, digits, dashes and underscores`,
        )
      if (policies.has(name)) throw invalidArgument(`cannot create policy ${name}: it exists already`)
      if (!isBase64(key)) throw invalidArgument(`cannot create policy ${name}: its key must be base64`)
      const policy = { name, key }
      policies.set(name, policy)
      return policy
    },
    get: (name) => policies.get(name),
    list: () => [...policies.values()],
    delete: (name) => {
      if (!policies.delete(name))
        throw invalidArgument(`cannot delete policy ${name}: there is no policy of that name`)
    },
    load: (loaded) => {
      policies.clear()
      for (const policy of loaded) policies.set(policy.name, policy)
    },
  }
}
