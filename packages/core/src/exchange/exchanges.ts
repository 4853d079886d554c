import { Subject, type Observable } from 'rxjs'
import type { Endpoint } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { Grant, Link } from '../link/link.js'
import type { Refusal } from '../responder/refusal.js'
import { newServedTally, type ServedTally } from '../responder/served-counts.js'
import { deadlines, type Deadlines } from '../time/deadlines.js'
import { newTally, type Tally } from './counts.js'
import { Inbox } from './inbox.js'
import type { Stray } from './strays.js'

/** Whoever needs to know when the link comes and goes. */
export interface LinkWatcher {
  readonly linkOnline: () => void
  readonly linkOffline: (error: AntiphonError) => void
  readonly linkClosed: (error: AntiphonError) => void
}

const owners = new WeakMap<Link, Exchanges>()

/** The one owner of all open questions on a link. */
export function exchangesOf(link: Link): Exchanges {
  const known = owners.get(link)
  if (known !== undefined) return known
  const owner = new Exchanges(link)
  owners.set(link, owner)
  return owner
}

/** All open questions on one link: their inboxes, their deadlines, and what concerns them all. */
export class Exchanges {
  readonly link: Link
  readonly deadlines: Deadlines
  readonly #inboxes = new Map<string, Inbox>()
  readonly #watchers = new Set<LinkWatcher>()
  readonly #strays = new Subject<Stray>()
  readonly #refusals = new Subject<Refusal>()
  readonly #idle = new Subject<void>()
  readonly #tallies = new WeakMap<Endpoint, Tally>()
  readonly #served = new WeakMap<Endpoint, ServedTally>()
  #open = 0
  #isFollowing = false
  #grant: Grant | undefined
  #responseTopic: string | undefined
  #isOnline = false
  #end: AntiphonError | undefined

  constructor(link: Link) {
    this.link = link
    this.deadlines = deadlines(link.scheduler)
  }

  get strays$(): Observable<Stray> {
    return this.#strays
  }

  get refusals$(): Observable<Refusal> {
    return this.#refusals
  }

  /** How many questions are open. */
  get open(): number {
    return this.#open
  }

  /** Emits each time the last open question has been settled. */
  get idle$(): Observable<void> {
    return this.#idle
  }

  opened(): void {
    this.#open++
  }

  settled(): void {
    this.#open--
    if (this.#open === 0) this.#idle.next()
  }

  readonly refused = (refusal: Refusal): void => this.#refusals.next(refusal)

  /** What the broker allowed when last it let us in. */
  get grant(): Grant | undefined {
    return this.#grant
  }

  /** Whether there is a connection, as far as anybody has asked. */
  get isOnline(): boolean {
    return this.#isOnline
  }

  /** Where replies come unless anybody says otherwise. */
  get responseTopic(): string | undefined {
    return this.#responseTopic
  }

  /** How the exchanges of an endpoint went so far. */
  tally(endpoint: Endpoint): Tally {
    const known = this.#tallies.get(endpoint)
    if (known !== undefined) return known
    const tally = newTally()
    this.#tallies.set(endpoint, tally)
    return tally
  }

  /** How the requests of an endpoint went so far. */
  served(endpoint: Endpoint): ServedTally {
    const known = this.#served.get(endpoint)
    if (known !== undefined) return known
    const tally = newServedTally()
    this.#served.set(endpoint, tally)
    return tally
  }

  inbox(filter: string): Inbox {
    const known = this.#inboxes.get(filter)
    if (known !== undefined) return known
    const inbox = new Inbox({
      link: this.link,
      deadlines: this.deadlines,
      filter,
      stray: (message) => this.#strays.next({ message }),
      discard: () => {
        if (this.#inboxes.get(filter) === inbox) this.#inboxes.delete(filter)
      },
    })
    this.#inboxes.set(filter, inbox)
    return inbox
  }

  /** Starts to follow the link; opens it. */
  follow(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    this.link.state$.subscribe((state) => {
      this.#isOnline = state.status === 'online'
      if (state.status === 'online') {
        this.#grant = state.grant
        this.#responseTopic = defaultResponseTopic(state.grant)
        for (const each of [...this.#watchers]) each.linkOnline()
      } else if (state.status === 'offline') {
        for (const each of [...this.#watchers]) each.linkOffline(state.error)
      } else if (state.status === 'closed') {
        const error = linkClosed(state.error)
        this.#end = error
        for (const each of [...this.#watchers]) each.linkClosed(error)
      }
    })
  }

  /** Tells it of what comes; that the link has ended, at once. */
  watch(watcher: LinkWatcher): void {
    if (this.#end === undefined) this.#watchers.add(watcher)
    else watcher.linkClosed(this.#end)
  }

  unwatch(watcher: LinkWatcher): void {
    this.#watchers.delete(watcher)
  }
}

function linkClosed(cause: AntiphonError | undefined): AntiphonError<'link-closed'> {
  return new AntiphonError('link-closed', cause?.message ?? 'the link was closed', cause && { cause })
}

/** A client id may hold what a topic level may not. */
function defaultResponseTopic({ clientId, responseInformation }: Grant): string {
  const own = clientId.replace(/[/+#%]/g, encodeURIComponent)
  const prefix = responseInformation?.replace(/\/$/, '')
  return prefix === undefined || prefix === '' ? `response/${own}` : `${prefix}/response/${own}`
}
