import { isLeft } from 'fp-ts/lib/Either.js'
import { catchError, of, Subscription, take, timeout, type Subscriber } from 'rxjs'
import type { Codec } from '../codec/codec.js'
import { formatDecodeError } from '../codec/format-decode-error.js'
import { AntiphonError } from '../errors.js'
import { barrier$ } from '../link/barrier.js'
import { baseOf } from '../link/base-link.js'
import { linkMonitorOf } from '../link/link-monitor.js'
import type { Link, SubscriptionWindow } from '../link/link.js'
import type { Message } from '../message.js'
import type { Deadline } from '../time/deadlines.js'
import { quoted } from '../topic/mqtt-string.js'
import { announcementCodec, readAnnouncement, type Announcement } from './announcement.js'
import type { Member } from './member.js'
import { mutablePresenceStats } from './presence-stats.js'

/** What a directory reads, and its limits. */
export interface DirectoryOptions {
  readonly prefix: string
  readonly maximumMembers: number
  readonly maximumBytes: number
}

/** A member, and what is needed to recognize that it has not changed or has gone. */
interface Entry {
  readonly member: Member
  readonly payload: string
  /** The window in which the announcement arrived. */
  readonly window: number
  readonly expiry: Deadline | undefined
}

/** How many milliseconds to wait for a barrier that the broker drops. */
const BARRIER_TIMEOUT = 2_000

/** The members whose announcements a link has received, by topic. */
export class MemberDirectory {
  readonly #link: Link
  readonly #options: DirectoryOptions
  readonly #subscriber: Subscriber<readonly Member[]>
  readonly #codec: Codec<Announcement>
  readonly #entries = new Map<string, Entry>()
  /** The reading of the current window. */
  #reading = new Subscription()
  #window = 0
  /** Whether the announcements that the broker had retained have been read. */
  #isComplete = false

  constructor(link: Link, options: DirectoryOptions, subscriber: Subscriber<readonly Member[]>) {
    this.#link = link
    this.#options = options
    this.#subscriber = subscriber
    this.#codec = announcementCodec(options.maximumBytes)
  }

  start(): void {
    linkMonitorOf(this.#link).start()
    this.#subscriber.add(() => this.#stop())
    this.#subscriber.add(
      this.#link.subscription$(`${this.#options.prefix}/+`).subscribe({
        next: (window) => this.#open(window),
        error: (error: unknown) => this.#subscriber.error(error),
        complete: () => this.#subscriber.complete(),
      }),
    )
  }

  #open({ deliveries$ }: SubscriptionWindow): void {
    const reading = new Subscription()
    this.#reading.unsubscribe()
    this.#reading = reading
    this.#window += 1
    reading.add(
      deliveries$.subscribe(({ message, acknowledge }) => {
        acknowledge()
        this.#receive(message)
      }),
    )
    const passed$ = barrier$(this.#link).pipe(
      timeout({ first: BARRIER_TIMEOUT, scheduler: this.#link.scheduler }),
      take(1),
      catchError(() => of(undefined)),
    )
    reading.add(passed$.subscribe(() => this.#complete()))
  }

  /** Removes the members of an earlier window whose announcement the broker has not retained. */
  #complete(): void {
    for (const [topic, { window }] of this.#entries) if (window < this.#window) this.#remove(topic)
    this.#isComplete = true
    this.#emit()
  }

  #receive(message: Message): void {
    const isChanged = message.payload.length === 0 ? this.#remove(message.topic) : this.#read(message)
    if (isChanged) this.#emit()
  }

  #read(message: Message): boolean {
    const { topic } = message
    const { prefix, maximumMembers } = this.#options
    const read = readAnnouncement(this.#codec, prefix, message)
    // Another client would not see this member either.
    if (isLeft(read)) {
      this.#reportMalformed(message, formatDecodeError(read.left))
      return this.#remove(topic)
    }
    const existing = this.#entries.get(topic)
    if (existing === undefined && this.#entries.size >= maximumMembers) {
      mutablePresenceStats(this.#link).excess += 1
      return false
    }
    const { member, ttl } = read.right
    const payload = new TextDecoder().decode(message.payload)
    const isChanged = existing?.payload !== payload
    existing?.expiry?.cancel()
    this.#entries.set(topic, {
      member: isChanged ? member : existing.member,
      payload,
      window: this.#window,
      expiry: this.#expiryOf(topic, message.messageExpiryInterval ?? ttl),
    })
    return isChanged
  }

  /** The Message Expiry Interval of a retained message is what is left of it [MQTT-3.3.2-6]. */
  #expiryOf(topic: string, seconds: number | undefined): Deadline | undefined {
    if (seconds === undefined) return undefined
    return baseOf(this.#link).deadlines.add(seconds * 1_000, () => {
      this.#remove(topic)
      this.#emit()
    })
  }

  #remove(topic: string): boolean {
    this.#entries.get(topic)?.expiry?.cancel()
    return this.#entries.delete(topic)
  }

  #reportMalformed(message: Message, fault: string): void {
    mutablePresenceStats(this.#link).malformed += 1
    const error = new AntiphonError(
      'protocol',
      `cannot read the announcement on ${quoted(message.topic)}: ${fault}`,
      {
        topic: message.topic,
      },
    )
    baseOf(this.#link).report({ kind: 'malformed', error, message })
  }

  /** Emits the list, unless announcements are missing that the broker had retained. */
  #emit(): void {
    if (!this.#isComplete) return
    const members = [...this.#entries.values()].map(({ member }) => member)
    this.#subscriber.next(members.sort((left, right) => (left.clientId < right.clientId ? -1 : 1)))
  }

  #stop(): void {
    this.#reading.unsubscribe()
    for (const { expiry } of this.#entries.values()) expiry?.cancel()
    this.#entries.clear()
  }
}
