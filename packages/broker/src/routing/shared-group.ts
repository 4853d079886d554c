import type { Publication } from '../packet/publication.js'
import type { Session } from '../session/session.js'
import type { SessionSubscription } from './session-subscription.js'

/** The members of one shared subscription: each message goes to one of them. */
export class SharedGroup {
  /** As its members write it, `$share` included. */
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

  /** The sessions of all members. */
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

  /** Whether somebody but `except` is connected. */
  hasOther(except: Session): boolean {
    return this.#members.some(({ session }) => session !== except && session.peer !== null)
  }

  /**
   * Whose turn it is: the next who can take a message at once, else the next who is connected, else (by option) the
   * next whose session lives on.
   */
  pick(publication: Publication, except?: Session): SessionSubscription | undefined {
    const members = this.#members
    let connected: SessionSubscription | undefined
    let offline: SessionSubscription | undefined
    for (let step = 0; step < members.length; step++) {
      const index = (this.#next + step) % members.length
      const member = members[index] as SessionSubscription
      const { session } = member
      if (session === except) continue
      if (session.downlink.isReady) {
        this.#next = index + 1
        return member
      }
      if (session.peer !== null) connected ??= member
      else if (this.#queuesOffline && session.expiry > 0 && Math.min(member.qos, publication.qos) > 0)
        offline ??= member
    }
    const picked = connected ?? offline
    if (picked !== undefined) this.#next = members.indexOf(picked) + 1
    return picked
  }
}
