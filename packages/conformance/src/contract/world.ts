import type { Link } from '@antiphon/core'

/** How a contract case wants a link. */
export interface ContractLinkOptions {
  /** The broker remembers the link between its connections, for minutes. @defaultValue false */
  readonly isRemembered?: boolean
  /** How many messages may wait to be sent. @defaultValue the link's own bound */
  readonly queuedMessages?: number
}

/**
 * What a world may or may not be able to do to a link.
 *
 * - `cut`: end a link's connection and keep it from coming back until it is restored.
 * - `lose-session`: make the broker forget a link while it is cut.
 * - `restart`: stop the broker and start it again, sessions kept.
 * - `refuse-subscribe`, `refuse-publish`: make the broker say no.
 * - `send-malformed`: put something on a link's connection that no link can accept.
 * - `count-packets`: say how many SUBSCRIBE and UNSUBSCRIBE packets named a filter.
 * - `leftovers`: say what is left of a closed link: timers, sockets, connections at the broker.
 * - `no-subscribers`: the broker answers 0x10 where nobody is subscribed (MQTT 5, and a choice there).
 * - `properties`: messages carry MQTT 5 properties.
 * - `shared`: the broker knows shared subscriptions.
 * - `overlap`: of a message that several filters of a link ask for comes one copy, or each copy names its filter.
 * - `identifiers`: every message names the subscription it comes for.
 */
export type Ability =
  | 'cut'
  | 'lose-session'
  | 'restart'
  | 'refuse-subscribe'
  | 'refuse-publish'
  | 'send-malformed'
  | 'count-packets'
  | 'leftovers'
  | 'no-subscribers'
  | 'properties'
  | 'shared'
  | 'overlap'
  | 'identifiers'

/** A broker with links to it, made for one case; each member beyond `settle` is needed for the ability it names. */
export interface ContractWorld {
  /** A link to the broker, under a client id of its own. The world closes it at the end. */
  readonly link: (options?: ContractLinkOptions) => Link
  /** What all topics of a case begin with, where another run shares the broker. @defaultValue 'contract' */
  readonly prefix?: string
  /** An independent client of the same broker, known to be good. */
  readonly peer: Link
  /**
   * Runs the world until the promise settles, and settles like it; rejects when it does not happen: on virtual time when
   * nothing is left to happen within a minute, on real time after some seconds.
   */
  readonly eventually: <T>(happening: Promise<T>) => Promise<T>
  /** Lets all that was set off have its effects; for links that are online, and without waiting for distant timers. */
  readonly settle: () => Promise<void>
  /** Needs `cut`. Returns when the link has noticed. */
  readonly cut?: (link: Link) => Promise<void>
  /** Needs `cut`: the link may connect again. */
  readonly restore?: (link: Link) => Promise<void>
  /** Needs `lose-session`; called while the link is cut. */
  readonly loseSession?: (link: Link) => Promise<void>
  /** Needs `restart`. Returns when the broker is back; the links may not be yet. */
  readonly restart?: () => Promise<void>
  /** Needs `refuse-subscribe`: from now on a SUBSCRIBE to the filter is refused with the reason code. */
  readonly refuseSubscribe?: (filter: string, reasonCode: number) => Promise<void>
  /** Needs `refuse-publish`: from now on a QoS 1 PUBLISH to the topic is refused with the reason code. */
  readonly refusePublish?: (topic: string, reasonCode: number) => Promise<void>
  /** Needs `send-malformed`. The topic is one the link is subscribed to. */
  readonly sendMalformed?: (link: Link, topic: string) => Promise<void>
  /** Needs `count-packets`. */
  readonly packets?: (filter: string) => Promise<{ readonly subscribe: number; readonly unsubscribe: number }>
  /** Needs `leftovers`: everything left of a link that was closed, readable; empty when nothing is. */
  readonly leftovers?: (link: Link) => Promise<readonly string[]>
  /** Takes everything down. */
  readonly dispose: () => Promise<void>
}

/** What a contract is run over. */
export interface ContractSetting {
  /** A fresh world for one case. */
  readonly makeWorld: () => Promise<ContractWorld> | ContractWorld
  /** Every ability: `true`, or the reason for which this world lacks it. */
  readonly abilities: Readonly<Record<Ability, true | string>>
}

/** One promise of the Link port, as something that can be run. */
export interface ContractCase {
  /** The part of the port it belongs to, for whoever wants to group them. */
  readonly subject: string
  readonly name: string
  /** Resolves when the promise was kept, rejects with what was broken. */
  readonly run: () => Promise<void>
}

/** A promise this world cannot examine. */
export interface UnexaminedCase {
  readonly name: string
  /** What the world lacks, and why. */
  readonly lacks: readonly { readonly ability: Ability; readonly reason: string }[]
}

/** A contract over one setting. */
export interface LinkContract {
  readonly cases: readonly ContractCase[]
  /** What is not examined here, told so that it is never silent. */
  readonly unexamined: readonly UnexaminedCase[]
}
