import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import type { Session } from '../session/session.js'
import type { SessionSubscription } from '../session/session-subscription.js'
import type { SharedGroup } from '../session/shared-group.js'
import type { DeliveryRights } from '../session/delivery-rights.js'

/** Which sessions may receive which messages. */
export interface DeliveryPolicy {
  readonly rights: Pick<DeliveryRights, 'allows'>
  /** Reports a message that a session may not receive. */
  readonly refused: (session: Session, publication: Publication) => void
}

/** Sends or queues a message for a session; returns whether the session accepted it. */
export function deliver(
  session: Session,
  publication: Publication,
  maximumQoS: QoS,
  retain: boolean,
  identifiers: readonly number[] | null,
  group: SharedGroup | null,
): boolean {
  const qos = publication.qos < maximumQoS ? publication.qos : maximumQoS
  if (qos > 0)
    return session.outbound.deliver(publication, { qos, retain, identifiers, group, tracker: null })
  session.outbound.deliverAtMostOnce(publication, retain, identifiers)
  return true
}

/**
 * Delivers a message to one member, at the QoS granted to it [MQTT-4.8.2-3]; returns `undefined` if no member is
 * available.
 */
export function deliverToMember(
  group: SharedGroup,
  publication: Publication,
  policy: DeliveryPolicy | undefined,
  except?: Session,
): boolean | undefined {
  const member =
    policy === undefined ? group.pick(publication, except) : pickAllowed(group, publication, policy, except)
  if (member === undefined) return undefined
  const retain = publication.retain && member.retainAsPublished
  return deliver(member.session, publication, member.qos, retain, member.identifiers, group)
}

/** Picks the next member that may receive a message; reports the last one that may not if no member may. */
function pickAllowed(
  group: SharedGroup,
  publication: Publication,
  { rights, refused }: DeliveryPolicy,
  except: Session | undefined,
): SessionSubscription | undefined {
  const refusedSessions = new Set<Session>()
  let lastRefused = except
  for (;;) {
    const member = group.pick(publication, except, refusedSessions)
    if (member === undefined) break
    const { session } = member
    // The hook may have ended the session.
    if (rights.allows(session, publication) && !session.isEnded) return member
    refusedSessions.add(session)
    lastRefused = session
  }
  if (lastRefused !== undefined) refused(lastRefused, publication)
  return undefined
}
