/**
 * Presence: a client announces itself while it is connected, and others list the clients that have done so.
 *
 * @packageDocumentation
 */

// Announce a client
export { presence } from '../presence/presence.js'
export type { Presence, PresenceOptions, PresenceWill } from '../presence/presence.js'

// List members
export { members$ } from '../presence/members.js'
export type { MembersOptions } from '../presence/members.js'
export type { Member, MemberDetails, MemberGroup } from '../presence/member.js'
export { presenceStats } from '../presence/presence-stats.js'
export type { PresenceStats } from '../presence/presence-stats.js'
