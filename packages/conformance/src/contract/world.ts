import type { Link } from '@antiphon/core'

/** The options with which a case makes a link. */
export interface ContractLinkOptions {
  /** Keeps the session at the broker for minutes after a disconnection. @defaultValue false */
  readonly persistentSession?: boolean
  /** The number of messages that may be queued. @defaultValue the link's own limit */
  readonly maxQueuedMessages?: number
}

/**
 * A thing that a world may be able to do to a link or its broker.
 *
 * - `cut`: close a link's connection and prevent its reconnection until `restore`.
 * - `lose-session`: make the broker delete the session of a link that is cut.
 * - `restart`: stop the broker and start it again with its sessions.
 * - `refuse-subscribe`, `refuse-publish`: make the broker refuse a filter or a topic with a reason code.
 * - `send-malformed`: send a malformed packet to a link.
 * - `count-packets`: count the SUBSCRIBE and UNSUBSCRIBE packets that named a filter.
 * - `leftovers`: list the timers, sockets and broker connections that a closed link left behind.
 * - `no-subscribers`: the broker responds with 0x10 when no client is subscribed (optional in MQTT 5).
 * - `receive-maximum`: make the broker announce another Receive Maximum, and enforce it.
 * - `properties`: messages carry MQTT 5 properties.
 * - `shared`: the broker supports shared subscriptions.
 * - `overlap`: overlapping subscriptions get one copy, or each copy has its Subscription Identifier.
 * - `identifiers`: every message has the Subscription Identifiers of its subscriptions.
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
  | 'receive-maximum'
  | 'properties'
  | 'shared'
  | 'overlap'
  | 'identifiers'

/** A broker with its links, made for one case. A member after `settle` is required by the ability that it names. */
export interface ContractWorld {
  /** Makes a link to the broker with its own client id. `dispose` closes it. */
  readonly link: (options?: ContractLinkOptions) => Link
  /** The prefix of all topics of a case, for a broker that several runs share. @defaultValue 'contract' */
  readonly prefix?: string
  /** An independent, correct client of the same broker. */
  readonly peer: Link
  /**
   * Runs the world until the promise settles, and settles like it. Rejects if the promise stays pending: on virtual time
   * when nothing is scheduled within a minute, on real time after some seconds.
   */
  readonly eventually: <T>(promise: Promise<T>) => Promise<T>
  /** Waits until all links that are online have exchanged their packets; does not wait for distant timers. */
  readonly settle: () => Promise<void>
  /** Required by `cut`: closes the link's connection and prevents a new one. Resolves when the link is offline. */
  readonly cut?: (link: Link) => Promise<void>
  /** Required by `cut`: allows the link to reconnect. */
  readonly restore?: (link: Link) => Promise<void>
  /** Required by `lose-session`: deletes the session of the link. Called while the link is cut. */
  readonly loseSession?: (link: Link) => Promise<void>
  /** Required by `restart`. Resolves when the broker accepts connections; the links may still be offline. */
  readonly restart?: () => Promise<void>
  /** Required by `refuse-subscribe`: refuses later SUBSCRIBEs to the filter with the reason code. */
  readonly refuseSubscribe?: (filter: string, reasonCode: number) => Promise<void>
  /** Required by `refuse-publish`: refuses later QoS 1 PUBLISHes to the topic with the reason code. */
  readonly refusePublish?: (topic: string, reasonCode: number) => Promise<void>
  /** Required by `receive-maximum`: sets the Receive Maximum of later connections; may restart the broker for it. */
  readonly setReceiveMaximum?: (receiveMaximum: number) => Promise<void>
  /** Required by `send-malformed`: sends a malformed packet to the link, which is subscribed to the topic. */
  readonly sendMalformed?: (link: Link, topic: string) => Promise<void>
  /** Required by `count-packets`: returns the numbers of packets that named the filter. */
  readonly packets?: (filter: string) => Promise<{ readonly subscribe: number; readonly unsubscribe: number }>
  /** Required by `leftovers`: describes every timer, socket and connection that a closed link left behind. */
  readonly leftovers?: (link: Link) => Promise<readonly string[]>
  /** Closes the links and the broker. */
  readonly dispose: () => Promise<void>
}

/** A factory of worlds and their abilities, over which a contract runs. */
export interface ContractSetting {
  /** Makes a new world for one case. */
  readonly makeWorld: () => Promise<ContractWorld> | ContractWorld
  /** Every ability: `true`, or the reason why this world lacks it. */
  readonly abilities: Readonly<Record<Ability, true | string>>
}

/** One test of a contract. */
export interface ContractCase {
  /** The subject of the case, for grouping. */
  readonly subject: string
  /** The tested behaviour. */
  readonly name: string
  /** Resolves if the case passes, rejects with the failed expectation. */
  readonly run: () => Promise<void>
}

/** A case that cannot run in a setting. */
export interface UnexaminedCase {
  /** The tested behaviour. */
  readonly name: string
  /** The abilities that the setting lacks, with the reasons. */
  readonly lacks: readonly { readonly ability: Ability; readonly reason: string }[]
}

/** The cases of a contract over one setting. */
export interface LinkContract {
  /** The cases that can run in the setting. */
  readonly cases: readonly ContractCase[]
  /** The cases that cannot run in the setting; assert this list in a test. */
  readonly unexamined: readonly UnexaminedCase[]
}
