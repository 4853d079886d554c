import type { PacketType } from '../virtual/packet.js'

/** Which packets a fault strikes. */
export interface PacketChoice {
  /** To the client, or from it. @defaultValue 'to-client' */
  readonly direction?: 'to-client' | 'from-client'
  /** Only this client's. @defaultValue every client's */
  readonly clientId?: string
  /** @defaultValue `['publish']` */
  readonly packets?: readonly PacketType[]
  /** Only messages whose topic this filter matches. */
  readonly topic?: string
  /** So many of them, then no more. @defaultValue 1 */
  readonly times?: number
  /** Each with this probability, 0 to 1, by the broker's seed. @defaultValue 1 */
  readonly probability?: number
}

/** What can befall single packets. */
export type PacketFault = PacketChoice &
  (
    | /** It is lost on the way. A QoS 1 or 2 message comes again on the next connection of the session. */
      { readonly kind: 'drop' }
      /** It comes twice, at QoS 1 and 2 marked as a duplicate. */
    | { readonly kind: 'duplicate' }
    /** It, and all behind it, takes this many milliseconds more. */
    | { readonly kind: 'delay'; readonly by: number }
    /** It takes this many milliseconds more, and what is behind it does not wait. @defaultValue 1 */
    | { readonly kind: 'reorder'; readonly by?: number }
    /** Its payload comes garbled. */
    | { readonly kind: 'corrupt' }
    /** It comes as something that is no MQTT packet. */
    | { readonly kind: 'malform' }
  )

/** What can befall a connection or the broker. Without a `clientId` it befalls every client. */
export type ConnectionFault =
  /** Cut, and no other connection can be made before `restore`. */
  | { readonly kind: 'cut'; readonly clientId?: string; readonly session?: 'keep' | 'lose' }
  | { readonly kind: 'restore'; readonly clientId?: string }
  /** Ended by the broker: with a DISCONNECT where there is a reason; the client may come back at once. */
  | {
      readonly kind: 'disconnect'
      readonly clientId?: string
      readonly session?: 'keep' | 'lose'
      readonly reasonCode?: number
    }
  | { readonly kind: 'down' | 'restart'; readonly sessions?: 'keep' | 'lose' }
  | { readonly kind: 'up' }
  /** Every CONNECT is refused until `allow-connect`, which takes back all such refusals. */
  | { readonly kind: 'refuse-connect'; readonly reasonCode: number; readonly clientId?: string }
  | { readonly kind: 'allow-connect'; readonly clientId?: string }
  | {
      readonly kind: 'refuse-subscribe' | 'refuse-publish'
      readonly filter: string
      readonly reasonCode: number
    }
  /** A slow peer: every packet takes this many milliseconds more, until `fast`. */
  | { readonly kind: 'slow'; readonly by: number; readonly clientId?: string }
  | { readonly kind: 'fast'; readonly clientId?: string }

/** The end of all faults, whomever they befall: the broker is up, everybody is let in, nothing is lost or slow. */
export interface Heal {
  readonly kind: 'heal'
}

/** Something that goes wrong, or right again, as data. */
export type Fault = PacketFault | ConnectionFault | Heal

/** A fault and its time in milliseconds after the script began. */
export interface ScriptedFault {
  readonly at: number
  readonly fault: Fault
}
