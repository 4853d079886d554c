import { defer, ReplaySubject, switchMap, take, type Observable } from 'rxjs'
import { invalidArgument, requireArgument } from '../argument.js'
import { isChunk } from '../chunk/assembly.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { decodeWith } from '../codec/guard.js'
import type { Endpoint } from '../endpoint.js'
import type { EndpointTypes } from '../endpoint-types.js'
import { AntiphonError } from '../errors.js'
import type { Link, LinkMiddleware } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { linkMiddleware } from '../middleware/link-middleware.js'
import type { OptionRules } from '../option-rules.js'
import type { Member } from '../presence/member.js'
import { members$ } from '../presence/members.js'
import { isControlMessage } from '../protocol/control-message.js'
import { renderValue } from '../rendering.js'
import { isMatch } from '../topic/is-match.js'
import { validateTopicName } from '../topic/topic-name.js'
import { isLeft } from 'fp-ts/lib/Either.js'
import { groupNameRule, memberTopicPrefix } from './member-topic.js'
import { itemForKey } from './rendezvous.js'

/** A request whose key is read. */
export interface KeyedRequest<T extends EndpointTypes> {
  /** The parameters of the request topic. */
  readonly params: T['params']
  /** The value, which is decoded when it is read. A request in several packets has none. */
  readonly value: T['request']
  /** The message that is published. */
  readonly message: OutgoingMessage
}

/** The options of `stickyGroup`. */
export interface StickyGroupOptions<T extends EndpointTypes> {
  /** The name of the group, as in `stickyRequests$`. */
  readonly group: string
  /** Returns what must stay together, such as a customer or a device. */
  readonly groupKey: (request: KeyedRequest<T>) => string
  /** The first levels of the topics of members, as in `stickyRequests$`. @defaultValue 'member' */
  readonly prefix?: string
  /** The prefix of the announcements, as in `presence`. @defaultValue 'presence' */
  readonly presencePrefix?: string
}

const stickyGroupOptionRules: OptionRules<StickyGroupOptions<EndpointTypes>> = {
  group: groupNameRule,
  groupKey: 'function',
  prefix: (value) => validateTopicName(value as string),
  presencePrefix: (value) => validateTopicName(value as string),
}

/**
 * Sends the requests of an endpoint to a group, those with equal keys to the same member. The members serve them with
 * `stickyRequests$`. Everything else passes unchanged. It needs no shared subscriptions.
 *
 * The member is chosen for each attempt: with `retry`, a request whose member has gone is sent to another one. The first
 * request subscribes to the announcements of members, until the link is closed, and waits for their first list. A request fails with
 * `no-responder` if the group has no member for its topic.
 *
 * @example
 * ```ts
 * const byAccount = stickyGroup(balance, { group: 'workers', groupKey: ({ params }) => params.account })
 * const link = pipe(connect(url), byAccount)
 * await request(link, balance, { params: { account: 'ann' }, value: '' }, { retry: { count: 2 } })
 * ```
 */
export function stickyGroup<T extends EndpointTypes>(
  endpoint: Endpoint<T>,
  options: StickyGroupOptions<T>,
): LinkMiddleware {
  requireArgument('endpoint', endpoint, 'object')
  requireArgument('options', options, stickyGroupOptionRules as OptionRules<StickyGroupOptions<T>>)
  requireArgument('options.group', options.group, groupNameRule)
  requireArgument('options.groupKey', options.groupKey, 'function')
  return (link) => {
    const known$ = knownMembers$(link, options)
    return linkMiddleware({
      publish$: (message, next) => {
        const params = isControlMessage(message) ? undefined : endpoint.topic.match(message.topic)
        if (params === undefined) return next(message)
        return known$.pipe(
          switchMap((members) =>
            next({ ...message, topic: topicFor({ members, endpoint, options, message, params }) }),
          ),
        )
      },
    })(link)
  }
}

/** Emits the current members and completes. The first subscription subscribes to them for as long as the link lasts. */
function knownMembers$<T extends EndpointTypes>(
  link: Link,
  { group, presencePrefix }: StickyGroupOptions<T>,
): Observable<readonly Member[]> {
  let known: ReplaySubject<readonly Member[]> | undefined
  const follow = (): ReplaySubject<readonly Member[]> => {
    const created = new ReplaySubject<readonly Member[]>(1)
    known = created
    members$(link, { group, ...(presencePrefix === undefined ? {} : { prefix: presencePrefix }) }).subscribe({
      next: (members) => created.next(members),
      error: (error: unknown) => {
        // The next request tries again.
        known = undefined
        created.error(error)
      },
      complete: () => created.complete(),
    })
    return created
  }
  return defer(() => (known ?? follow()).pipe(take(1)))
}

/** A request, and the members to choose from. */
interface Choice<T extends EndpointTypes> {
  readonly members: readonly Member[]
  readonly endpoint: Endpoint<T>
  readonly options: StickyGroupOptions<T>
  readonly message: OutgoingMessage
  readonly params: T['params']
}

/** Returns the topic of the member that serves a request. */
function topicFor<T extends EndpointTypes>(choice: Choice<T>): string {
  const { members, endpoint, options, message, params } = choice
  const { group, groupKey, prefix = 'member' } = options
  const key: unknown = groupKey(new RequestOfMessage(endpoint, params, message))
  if (typeof key !== 'string')
    throw invalidArgument(`options.groupKey returned ${renderValue(key)}: it must return a string`)
  // Derived from the client id, not taken from the announcement: a forged one could name the topic of anything.
  const topicOf = ({ clientId }: Member): string => memberTopicPrefix(prefix, clientId, group) + message.topic
  const member = itemForKey(
    key,
    members,
    ({ clientId }) => clientId,
    (candidate) =>
      candidate.groups.some(({ name, topic }) => name === group && isMatch(topic, topicOf(candidate))),
  )
  if (member !== undefined) return topicOf(member)
  const fault = `cannot send a request to group ${group}: it has no member for ${message.topic}`
  throw new AntiphonError('no-responder', fault, { topic: message.topic, phase: 'before-network' })
}

class RequestOfMessage<T extends EndpointTypes> implements KeyedRequest<T> {
  readonly params: T['params']
  readonly message: OutgoingMessage
  readonly #endpoint: Endpoint<T>

  constructor(endpoint: Endpoint<T>, params: T['params'], message: OutgoingMessage) {
    this.params = params
    this.message = message
    this.#endpoint = endpoint
  }

  get value(): T['request'] {
    const { payload, contentType, topic } = this.message
    if (isChunk(this.message)) {
      throw invalidArgument(
        `the request to ${topic} takes several packets: its groupKey must come from params`,
        topic,
      )
    }
    const decoded = decodeWith(this.#endpoint.request, payload, contentType)
    if (isLeft(decoded)) throw new AntiphonError('decode', formatDecodeError(decoded.left), { topic })
    return decoded.right
  }
}
