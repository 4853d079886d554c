import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { Session } from './session.js'
import type { SessionSubscription } from './session-subscription.js'

/** The members of one shared subscription; each message is delivered to one of them. */
export class SharedGroup {
  /** The Topic Filter as its members sent it, including `$share`. */
  readonly filter: string
  readonly #members: SessionSubscription[] = []
  #next = 0
  readonly #queuesOffline: boolean

  constructor(filter: string, queuesOffline: boolean) {
    this.filter = filter
    this.#queuesOffline = queuesOffline
  }

  get size(): number {
    return this.#members.length
  }

  /** The sessions of the members. */
  get sessions(): Session[] {
    return this.#members.map(({ session }) => session)
  }

  add(member: SessionSubscription): void {
    this.#members.push(member)
  }

  remove(member: SessionSubscription): void {
    const index = this.#members.indexOf(member)
    if (index >= 0) this.#members.splice(index, 1)
  }

  /** Whether a member other than `except` is connected. */
  hasOtherConnected(except: Session): boolean {
    return this.#members.some(({ session }) => session !== except && session.peer !== null)
  }

  /** Whether a member other than `except` can receive or queue a message. */
  hasOtherReceiver(except: Session): boolean {
    return this.#members.some(
      (member) =>
        member.session !== except && (member.session.peer !== null || this.#canQueue(member, member.qos)),
    )
  }

  /**
   * Picks the next member, round robin: one that can receive a message at once, else a connected one, else (with
   * `sharedOffline: 'queue'`) one with a persistent session. Never picks `except` nor a session of `refused`.
   */
  pick(
    publication: Publication,
    except?: Session,
    refused?: ReadonlySet<Session>,
  ): SessionSubscription | undefined {
    const members = this.#members
    // Messages that no member can receive yet stay together, so that they keep their order.
    const lastPicked = members[this.#next - 1]
    let connectedMember: SessionSubscription | undefined
    let offlineMember: SessionSubscription | undefined
    for (let step = 0; step < members.length; step++) {
      const index = (this.#next + step) % members.length
      const member = members[index] as SessionSubscription
      const { session } = member
      if (session === except || refused?.has(session) === true) continue
      if (session.outbound.isReady) {
        this.#next = index + 1
        return member
      }
      if (session.peer !== null) connectedMember ??= member
      else if (this.#canQueue(member, publication.qos)) {
        if (offlineMember === undefined || (member === lastPicked && session.outbound.fits(publication.size)))
          offlineMember = member
      }
    }
    const picked = connectedMember ?? offlineMember
    if (picked !== undefined) this.#next = members.indexOf(picked) + 1
    return picked
  }

  /** Whether a message of a QoS may wait for a member that is not connected. */
  #canQueue({ session, qos }: SessionSubscription, messageQoS: QoS): boolean {
    return this.#queuesOffline && session.sessionExpiryInterval > 0 && Math.min(qos, messageQoS) > 0
  }
}
