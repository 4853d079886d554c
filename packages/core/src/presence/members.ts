import { distinctUntilChanged, map, Observable, ReplaySubject, share } from 'rxjs'
import { requireArgument } from '../argument.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import { oncePer } from '../once-per.js'
import { countRule, type OptionRules } from '../option-rules.js'
import { validateTopicName } from '../topic/topic-name.js'
import { MAX_ANNOUNCEMENT_BYTES } from './announcement.js'
import type { Member } from './member.js'
import { MemberDirectory, type DirectoryOptions } from './member-directory.js'

/** The options of `members$`. */
export interface MembersOptions {
  /** Lists only the members of this group. @defaultValue all members */
  readonly group?: string
  /** The prefix of the announcements, as in `presence`. @defaultValue 'presence' */
  readonly prefix?: string
  /** How many members are listed; further ones are ignored. @defaultValue 10 000 */
  readonly maximumMembers?: number
  /** The largest announcement in bytes; larger ones are ignored. @defaultValue 16 384 */
  readonly maximumBytes?: number
}

const membersOptionRules: OptionRules<MembersOptions> = {
  group: 'string',
  prefix: (value) => validateTopicName(value as string),
  maximumMembers: countRule,
  maximumBytes: countRule,
}

/**
 * Lists the members that have announced themselves with `presence`.
 *
 * The first list is complete: it is emitted when all announcements have been read that the broker had retained. While the
 * link is offline, the list stays as it is. After a lost session it is read again, and members that have gone are removed.
 *
 * Announcements that are not valid or exceed a limit are ignored, reported on `incidents$` as `malformed`, and counted in
 * `presenceStats`. All subscribers of a link share one subscription at the broker.
 *
 * - *on subscribe*: opens the link and subscribes to the announcements.
 * - *next*: the members, sorted by client id; then again whenever one comes, changes or goes.
 * - *complete*: the link was closed.
 * - *error*: the broker refused the subscription, or the link ended with an error.
 * - *unsubscribe*: the last subscriber unsubscribes from the announcements.
 *
 * @example
 * ```ts
 * members$(link, { group: 'reporters' }).subscribe((members) => console.log(members.map(({ clientId }) => clientId)))
 * ```
 */
export function members$(link: Link, options: MembersOptions = {}): Observable<readonly Member[]> {
  requireArgument('options', options, membersOptionRules)
  const {
    group,
    prefix = 'presence',
    maximumMembers = 10_000,
    maximumBytes = MAX_ANNOUNCEMENT_BYTES,
  } = options
  const all$ = sharedMembers$(link, { prefix, maximumMembers, maximumBytes })
  if (group === undefined) return all$
  return all$.pipe(
    map((members) => members.filter(({ groups }) => groups.some(({ name }) => name === group))),
    distinctUntilChanged(hasEqualItems),
  )
}

const sharedOfBase: (base: BaseLink) => Map<string, Observable<readonly Member[]>> = oncePer(() => new Map())

/**
 * Returns the list that all subscribers of a link share. A second subscription would miss members: the broker sends the
 * retained messages only for the first one, and a link repeats only those that were retained then.
 */
function sharedMembers$(link: Link, options: DirectoryOptions): Observable<readonly Member[]> {
  const shared = sharedOfBase(baseOf(link))
  const key = JSON.stringify([options.prefix, options.maximumMembers, options.maximumBytes])
  const existing = shared.get(key)
  if (existing !== undefined) return existing
  const created = new Observable<readonly Member[]>((subscriber) => {
    new MemberDirectory(link, options, subscriber).start()
  }).pipe(share({ connector: () => new ReplaySubject(1) }))
  shared.set(key, created)
  return created
}

/** Unchanged members are the same objects. */
function hasEqualItems(left: readonly Member[], right: readonly Member[]): boolean {
  return left.length === right.length && left.every((member, index) => member === right[index])
}
