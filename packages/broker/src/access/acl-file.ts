import { nearestName } from '@antiphon/core/link'
import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'
import { AccessRules } from './access-rules.js'
import type { Access, AccessRule } from './access-rules.js'
import { readLines } from './line-fault.js'
import type { FileContents } from './line-fault.js'

const keywords = ['user', 'topic', 'pattern']
const accesses: Readonly<Record<string, Access>> = {
  read: { isRead: true, isWrite: false, isSubscribe: true },
  write: { isRead: false, isWrite: true, isSubscribe: false },
  readwrite: { isRead: true, isWrite: true, isSubscribe: true },
  subscribe: { isRead: false, isWrite: false, isSubscribe: true },
}

/**
 * Parses an ACL file. Its lines are those of Mosquitto:
 *
 * - `user <name>`: the following `topic` lines are about this user; those before the first, about clients without user.
 * - `topic [read|write|readwrite|subscribe] <filter>`: what the user may do; `readwrite` if it says nothing.
 * - `pattern [read|write|readwrite|subscribe] <filter>`: what every client may do; `%u` in it is the user, `%c` the Client
 *   Identifier.
 *
 * What no line allows is denied.
 */
export function parseAcl(text: string): FileContents<AccessRules> {
  const rules: AccessRule[] = []
  let user: string | undefined
  const faults = readLines(text, (line) => {
    const [, keyword = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (!keywords.includes(keyword)) {
      const nearest = nearestName(keyword, keywords)
      const hint = nearest === undefined ? `use ${keywords.join(', ')}` : `did you mean ${nearest}?`
      return `'${keyword}' is not known: ${hint}`
    }
    if (rest === '')
      return `'${keyword}' is alone: write ${keyword} ${keyword === 'user' ? '<name>' : '[access] <filter>'}`
    if (keyword === 'user') {
      user = rest
      return undefined
    }
    const [, word = '', remainder] = /^(\S+)\s+(.*)$/.exec(rest) ?? []
    if (word === 'deny') return "'deny' is not supported: what no line allows is denied; leave the line out"
    const access = Object.hasOwn(accesses, word) ? accesses[word] : undefined
    const filter = access === undefined ? rest : (remainder ?? '')
    const isPattern = keyword === 'pattern'
    const fault = filterFault(filter, isPattern)
    if (fault !== undefined) return fault
    rules.push({
      filter,
      ...(access ?? (accesses['readwrite'] as Access)),
      ...(isPattern ? { isPattern } : { isPattern, user }),
    })
    return undefined
  })
  return { value: new AccessRules(rules), faults }
}

function filterFault(filter: string, isPattern: boolean): string | undefined {
  if (!isPattern && /%[uc]/.test(filter))
    return `the filter is '${filter}': only a pattern line replaces %u and %c; write pattern in place of topic`
  if (isSharedFilter(filter))
    return `the filter is '${filter}': leave out $share/<group>/; a rule is about shared subscriptions too`
  const fault = validateTopicFilter(filter)
  return fault === undefined ? undefined : `the filter is '${filter}': ${fault}`
}
