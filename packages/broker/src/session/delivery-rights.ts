import type { Message } from '@antiphon/core'
import type { Authority, ClientInfo, DeliveryAttempt } from '../authority/authority.js'
import type { Hooks } from '../authority/hooks.js'
import { verdictViolations } from '../authority/verdicts.js'
import { toMessage } from '../packet/publication.js'
import type { Publication } from '../packet/publication.js'
import type { Session } from './session.js'

/** The components that decide on deliveries. */
export interface DeliveryRightsDependencies {
  readonly authorizeDelivery: NonNullable<Authority['authorizeDelivery']>
  readonly hooks: Hooks
  readonly now: () => number
}

/** The rights of subscribers to messages, as `authorizeDelivery` decides on them. Without this hook there are none. */
export class DeliveryRights {
  readonly #dependencies: DeliveryRightsDependencies

  constructor(dependencies: DeliveryRightsDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Whether a message may be sent to a session. If its client is not connected, the message may be queued: it is decided
   * on when it is sent. Runs the hook, which may change sessions and subscriptions.
   */
  allows({ client }: Session, publication: Publication): boolean {
    if (client === null) return true
    const { authorizeDelivery, hooks, now } = this.#dependencies
    return (
      hooks.callSync({
        hook: 'authorizeDelivery',
        clientId: client.clientId,
        run: () => authorizeDelivery(new PublicationAttempt(client, publication, now)),
        violation: verdictViolations.authorizeDelivery,
        failed: 'refuse',
      }) === 'allow'
    )
  }
}

/** An attempt that decodes its message when it is read. */
class PublicationAttempt implements DeliveryAttempt {
  readonly client: ClientInfo
  readonly topic: string
  readonly publisherId: string
  readonly #publication: Publication
  readonly #now: () => number

  constructor(client: ClientInfo, publication: Publication, now: () => number) {
    this.client = client
    this.topic = publication.topic
    this.publisherId = publication.publisherId
    this.#publication = publication
    this.#now = now
  }

  get message(): Message {
    const { qos, retain } = this.#publication
    return toMessage(this.#publication, { qos, retain, dup: false }, this.#now())
  }
}
