import type { Link } from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import {
  members$,
  presence,
  type MembersOptions,
  type Presence,
  type PresenceOptions,
} from '@antiphon/core/presence'
import type { VirtualClientOptions } from '@antiphon/testing'
import { map } from 'rxjs'
import { bytesOf, observe, type Observed } from '../observed.js'
import type { World } from '../world.js'

/** A member that has announced itself. */
export interface AnnouncedMember {
  readonly self: Presence
  readonly link: Link
}

/** Announces a client. */
export function announce(
  world: World,
  clientId: string,
  options: Partial<PresenceOptions> = {},
  client: VirtualClientOptions & LinkOptions = {},
): AnnouncedMember {
  const self = presence({ clientId, instanceId: `${clientId}-1`, ...options })
  return { self, link: self.announce(world.link(clientId, { will: self.will, ...client })) }
}

/** Observes the client ids of the members. */
export function observeMembers(
  world: World,
  link: Link,
  options: MembersOptions = {},
): Observed<readonly string[]> {
  return observe(
    world,
    members$(link, options).pipe(map((members) => members.map(({ clientId }) => clientId))),
  )
}

/** Publishes an announcement as a client without Antiphon. */
export function publishAnnouncement({ broker }: World, topic: string, announcement: unknown): void {
  const text = typeof announcement === 'string' ? announcement : JSON.stringify(announcement)
  broker.publish({ topic, payload: bytesOf(text), qos: 1, retain: true })
}

/** The least announcement. */
export function announcementOf(clientId: string): Record<string, unknown> {
  return { version: 1, clientId, instanceId: 'i', startedAt: 0 }
}
