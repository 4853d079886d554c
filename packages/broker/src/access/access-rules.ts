import { covers, isMatch } from '@antiphon/core/topic'

/** What a rule allows. */
export interface Access {
  /** Whether a client may receive messages of the topics. */
  readonly isRead: boolean
  /** Whether it may publish to the topics. */
  readonly isWrite: boolean
  /** Whether it may subscribe to Topic Filters that match no other topics. */
  readonly isSubscribe: boolean
}

/** A line of an ACL file. */
export type AccessRule = Access & { readonly filter: string } & (
    | { readonly isPattern: true }
    /** `undefined`: the client has no user. */
    | { readonly isPattern: false; readonly user: string | undefined }
  )

/** A client, as rules see it. */
export interface AccessSubject {
  readonly clientId: string
  readonly user: string | undefined
}

/** The rights of one client. */
export interface AccessRights {
  readonly mayPublish: (topic: string) => boolean
  readonly maySubscribe: (filter: string) => boolean
  readonly mayReceive: (topic: string) => boolean
}

/** The rules of an ACL file. What no rule allows is denied. */
export class AccessRules {
  readonly #patterns: readonly AccessRule[]
  readonly #byUser = new Map<string | undefined, AccessRule[]>()

  constructor(rules: readonly AccessRule[]) {
    this.#patterns = rules.filter(({ isPattern }) => isPattern)
    for (const rule of rules) {
      if (rule.isPattern) continue
      const ofUser = this.#byUser.get(rule.user)
      if (ofUser === undefined) this.#byUser.set(rule.user, [rule])
      else ofUser.push(rule)
    }
  }

  /** Returns the rights of a client. */
  rightsOf(subject: AccessSubject): AccessRights {
    const own = this.#byUser.get(subject.user) ?? []
    const expanded = this.#patterns.flatMap((rule) => {
      const filter = expand(rule.filter, subject)
      return filter === undefined ? [] : [{ ...rule, filter }]
    })
    const rules = [...own, ...expanded]
    const filtersWith = (access: keyof Access): readonly string[] =>
      rules.filter((rule) => rule[access]).map(({ filter }) => filter)
    const writable = filtersWith('isWrite')
    const readable = filtersWith('isRead')
    const subscribable = filtersWith('isSubscribe')
    return {
      mayPublish: (topic) => writable.some((filter) => isMatch(filter, topic)),
      maySubscribe: (requested) => subscribable.some((filter) => covers(filter, requested)),
      mayReceive: (topic) => readable.some((filter) => isMatch(filter, topic)),
    }
  }
}

/**
 * Returns a pattern with the client's user and Client Identifier in place of `%u` and `%c`; `undefined` if it has no user,
 * or if a name would select other topics than those of one level.
 */
function expand(pattern: string, { user, clientId }: AccessSubject): string | undefined {
  let isValid = true
  const filter = pattern.replace(/%[uc]/g, (placeholder) => {
    const name = placeholder === '%u' ? user : clientId
    if (name === undefined || name === '' || /[+#/]/.test(name)) isValid = false
    return name ?? ''
  })
  return isValid ? filter : undefined
}
