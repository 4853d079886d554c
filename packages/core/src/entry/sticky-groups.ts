/**
 * Sticky groups: requests with equal keys go to the same member of a group, on any broker.
 *
 * @packageDocumentation
 */

// Send requests to a group
export { stickyGroup } from '../sticky/sticky-group.js'
export type { KeyedRequest, StickyGroupOptions } from '../sticky/sticky-group.js'
export { memberForKey } from '../sticky/member-for-key.js'

// Serve requests as a member
export { stickyRequests$ } from '../sticky/sticky-requests.js'
export type { StickyRequestsOptions } from '../sticky/sticky-requests.js'
