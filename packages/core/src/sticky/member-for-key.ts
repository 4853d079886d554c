import type { Member } from '../presence/member.js'
import { itemForKey } from './rendezvous.js'

/**
 * Returns the member to which `stickyGroup` sends the requests with a key, if all members serve its topic. When a member
 * comes or goes, only the keys that it gets or has change their member.
 *
 * @example
 * ```ts
 * members$(link, { group: 'workers' }).subscribe((members) => console.log(memberForKey(members, 'ann')?.clientId))
 * ```
 */
export function memberForKey(members: readonly Member[], key: string): Member | undefined {
  return itemForKey(key, members, ({ clientId }) => clientId)
}
