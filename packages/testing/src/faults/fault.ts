import type { PacketType } from '../connection/packet.js'

/** Selects the packets that a fault affects. */
export interface PacketChoice {
  /** The direction of the packets. @defaultValue 'to-client' */
  readonly direction?: 'to-client' | 'from-client'
  /** The client of the connection. @defaultValue every client */
  readonly clientId?: string
  /** The packet types. @defaultValue `['publish']` */
  readonly packets?: readonly PacketType[]
  /** A filter for the topics of PUBLISH packets. @defaultValue every topic */
  readonly topic?: string
  /** The number of packets; then the fault ends. @defaultValue 1 */
  readonly times?: number
  /** The probability for each packet, 0 to 1, drawn from the broker's seed. @defaultValue 1 */
  readonly probability?: number
}

/** A fault of single packets. */
export type PacketFault = PacketChoice &
  (
    | /** Drops the packet. A QoS 1 or 2 message is redelivered on the next connection of the session. */
      { readonly kind: 'drop' }
      /** Delivers the packet twice; at QoS 1 and 2 the second has DUP. */
    | { readonly kind: 'duplicate' }
    /** Delays the packet, and all later ones, by this many milliseconds. */
    | { readonly kind: 'delay'; readonly by: number }
    /** Delays only this packet by this many milliseconds; later ones overtake it. @defaultValue 1 */
    | { readonly kind: 'reorder'; readonly by?: number }
    /** Replaces the payload by random bytes. */
    | { readonly kind: 'corrupt' }
    /** Turns the packet into a malformed one. */
    | { readonly kind: 'malform' }
  )

/** A fault of connections or the broker. Without a `clientId` it affects every client. */
export type ConnectionFault =
  /** Cuts the connection and prevents a new one until `restore`. */
  | { readonly kind: 'cut'; readonly clientId?: string; readonly session?: 'keep' | 'lose' }
  | { readonly kind: 'restore'; readonly clientId?: string }
  /** The broker closes the connection, with DISCONNECT if `reasonCode` is set; the client may reconnect at once. */
  | {
      readonly kind: 'disconnect'
      readonly clientId?: string
      readonly session?: 'keep' | 'lose'
      readonly reasonCode?: number
    }
  | { readonly kind: 'down' | 'restart'; readonly sessions?: 'keep' | 'lose' }
  | { readonly kind: 'up' }
  /** The broker refuses every CONNECT until `allow-connect`, which ends all such refusals. */
  | { readonly kind: 'refuse-connect'; readonly reasonCode: number; readonly clientId?: string }
  | { readonly kind: 'allow-connect'; readonly clientId?: string }
  | {
      readonly kind: 'refuse-subscribe' | 'refuse-publish'
      readonly filter: string
      readonly reasonCode: number
    }
  /** Adds this many milliseconds to every packet until `fast`. */
  | { readonly kind: 'slow'; readonly by: number; readonly clientId?: string }
  | { readonly kind: 'fast'; readonly clientId?: string }

/** Ends all faults of all clients: the broker is up, accepts every client, and no packet is lost or delayed. */
export interface Heal {
  readonly kind: 'heal'
}

/** A fault, or the end of one, as data. */
export type Fault = PacketFault | ConnectionFault | Heal

/** A fault with its time in milliseconds after the start of the script. */
export interface ScriptedFault {
  readonly at: number
  readonly fault: Fault
}

/** Ends a fault or a refusal. */
export type Undo = () => void
