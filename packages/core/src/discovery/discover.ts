import { isLeft } from 'fp-ts/lib/Either.js'
import { Observable, Subscription, type Subscriber } from 'rxjs'
import { requireArgument } from '../argument.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { decodeWith } from '../codec/guard.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf } from '../link/link-monitor.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Message } from '../message.js'
import { countRule, durationRule, type OptionRules } from '../option-rules.js'
import type { Deadline } from '../time/deadlines.js'
import { announcements, announcementTopic, instanceKey, readService } from './protocol.js'
import {
  pingServices$,
  queryOptionRules,
  reportMalformed,
  serviceInfo$,
  type QueryOptions,
} from './query-services.js'
import type { ServiceInfo } from './service.js'

/** The options of `discover$`. */
export interface DiscoverOptions extends Omit<QueryOptions, 'instanceId'> {
  /** Milliseconds from one PING to the next. @defaultValue 10 000 */
  readonly period?: number
  /** How many PINGs in a row an instance may miss. @defaultValue 2 */
  readonly missed?: number
  /** How many instances are tracked; further ones are ignored. @defaultValue 10 000 */
  readonly maximumServices?: number
}

/** An instance of a service has come, changed or gone. */
export type DiscoveryEvent =
  | { readonly kind: 'found' | 'changed'; readonly service: ServiceInfo }
  /** `stopped`: it said so. `silent`: it has missed PINGs. */
  | { readonly kind: 'lost'; readonly service: ServiceInfo; readonly reason: 'stopped' | 'silent' }

const { instanceId: _, ...sharedRules } = queryOptionRules

const discoverOptionRules: OptionRules<DiscoverOptions> = {
  ...sharedRules,
  period: durationRule,
  missed: countRule,
  maximumServices: countRule,
}

/**
 * Follows which services come and go. It hears their announcements, and pings them, so that one whose process was killed is
 * noticed as well. While the link is offline, no service is lost.
 *
 * - *on subscribe*: opens the link, queries all services, and subscribes to announcements.
 * - *next*: an instance of a service that was found, has changed, or was lost.
 * - *complete*: the link was closed.
 * - *error*: the broker refused a subscription or a request, or the link ended with an error.
 * - *unsubscribe*: ends the subscription. Announcements that are not valid are reported on `incidents$` as `malformed`.
 *
 * @example
 * ```ts
 * discover$(link).subscribe(({ kind, service }) => console.log(kind, service.name, service.instanceId))
 * ```
 */
export function discover$(link: Link, options: DiscoverOptions = {}): Observable<DiscoveryEvent> {
  requireArgument('options', options, discoverOptionRules)
  return new Observable((subscriber) => {
    new ServiceDirectory(link, options, subscriber).start()
  })
}

/** An instance, and how many PINGs in a row it has missed. */
interface Entry {
  service: ServiceInfo
  text: string
  missed: number
}

/** The instances of services that a link knows. */
class ServiceDirectory {
  readonly #link: Link
  readonly #query: QueryOptions
  readonly #options: Required<Pick<DiscoverOptions, 'period' | 'missed' | 'maximumServices'>>
  readonly #subscriber: Subscriber<DiscoveryEvent>
  readonly #entries = new Map<string, Entry>()
  readonly #queries = new Subscription()
  /** The instances whose INFO has been requested. */
  readonly #requested = new Set<string>()
  #next: Deadline | undefined
  #isStarted = false

  constructor(
    link: Link,
    { period = 10_000, missed = 2, maximumServices = 10_000, ...query }: DiscoverOptions,
    subscriber: Subscriber<DiscoveryEvent>,
  ) {
    this.#link = link
    this.#query = query
    this.#options = { period, missed, maximumServices }
    this.#subscriber = subscriber
  }

  start(): void {
    linkMonitorOf(this.#link).start()
    this.#subscriber.add(this.#queries)
    this.#subscriber.add(() => this.#next?.cancel())
    this.#subscriber.add(
      this.#link.subscription$(announcementTopic(this.#prefix)).subscribe({
        next: (window) => this.#open(window),
        error: (error: unknown) => this.#subscriber.error(error),
        complete: () => this.#subscriber.complete(),
      }),
    )
    this.#schedule()
  }

  #open({ deliveries$ }: SubscriptionWindow): void {
    deliveries$.subscribe(({ message, acknowledge }) => {
      acknowledge()
      this.#receive(message)
    })
    if (this.#isStarted) return
    this.#isStarted = true
    // Now that no announcement can be missed.
    this.#request(serviceInfo$(this.#link, this.#query), (service) => this.#add(service))
  }

  get #prefix(): string {
    return this.#query.prefix ?? 'services'
  }

  #schedule(): void {
    if (this.#subscriber.closed) return
    this.#next = deadlinesOf(this.#link).add(this.#options.period, () => this.#ping())
  }

  #ping(): void {
    const monitor = linkMonitorOf(this.#link)
    const wasOnline = monitor.isOnline
    const present = new Set<string>()
    if (!wasOnline) return this.#schedule()
    this.#request(
      pingServices$(this.#link, this.#query),
      (service) => {
        const key = instanceKey(service)
        present.add(key)
        if (!this.#entries.has(key)) this.#requestInfo(service.name, service.instanceId, key)
      },
      () => {
        if (monitor.isOnline) this.#removeSilent(present)
        this.#schedule()
      },
    )
  }

  #request<A>(
    query$: Observable<A>,
    next: (service: A) => void,
    complete: () => void = () => undefined,
  ): void {
    this.#queries.add(
      query$.subscribe({ next, error: (error: unknown) => this.#subscriber.error(error), complete }),
    )
  }

  /** Requests the INFO of an instance that was not known, one at a time. */
  #requestInfo(name: string, instanceId: string, key: string): void {
    if (
      this.#requested.has(key) ||
      this.#entries.size + this.#requested.size >= this.#options.maximumServices
    )
      return
    this.#requested.add(key)
    const info$ = serviceInfo$(this.#link, { ...this.#query, name, instanceId })
    this.#request(
      info$,
      (service) => this.#add(service),
      () => this.#requested.delete(key),
    )
  }

  #removeSilent(present: ReadonlySet<string>): void {
    for (const [key, entry] of this.#entries) {
      entry.missed = present.has(key) ? 0 : entry.missed + 1
      if (entry.missed >= this.#options.missed) this.#remove(key, 'silent')
    }
  }

  #receive(message: Message): void {
    const decoded = decodeWith(announcements, message.payload, message.contentType)
    if (isLeft(decoded)) return reportMalformed(this.#link, this.#prefix, formatDecodeError(decoded.left))
    const isStop = (decoded.right as { readonly kind?: unknown } | null)?.kind === 'stopped'
    const read = readService(isStop ? 'ping' : 'info', decoded.right)
    if ('fault' in read) return reportMalformed(this.#link, this.#prefix, read.fault)
    if (isStop) this.#remove(instanceKey(read.service), 'stopped')
    else this.#add(read.service as ServiceInfo)
  }

  #add(service: ServiceInfo): void {
    const { name } = this.#query
    if (name !== undefined && service.name !== name) return
    const key = instanceKey(service)
    const text = JSON.stringify(service)
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= this.#options.maximumServices) return
      this.#entries.set(key, { service, text, missed: 0 })
      this.#subscriber.next({ kind: 'found', service })
      return
    }
    entry.missed = 0
    if (entry.text === text) return
    Object.assign(entry, { service, text })
    this.#subscriber.next({ kind: 'changed', service })
  }

  #remove(key: string, reason: 'stopped' | 'silent'): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#subscriber.next({ kind: 'lost', service: entry.service, reason })
  }
}
