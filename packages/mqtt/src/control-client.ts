import type {
  ConnackPacket,
  ConnackProperties,
  ConnectPacket,
  DisconnectProperties,
  Framer,
  ServerDisconnect,
} from '@antiphon/packet'
import type { SchedulerLike } from 'rxjs'
import type { PacketWriter } from './packet-writer.js'
import type { ByteStream } from './streams/byte-stream.js'

/** A CONNACK without its User Properties, which MQTT.js has in another form. */
export type Connack = Omit<ConnackPacket, 'properties'> & {
  readonly properties: Omit<ConnackProperties, 'userProperties'>
}

/** A DISCONNECT of the broker without its User Properties. */
export type Disconnect = Omit<ServerDisconnect, 'properties'> & {
  readonly properties: Omit<DisconnectProperties, 'userProperties'>
}

/** Receives what a `ControlClient` has read. */
export interface ControlEvents {
  readonly onConnack: (packet: Connack) => void
  /** Called for a SUBACK or UNSUBACK; the UNSUBACK of MQTT 3.1.1 has no reason codes. */
  readonly onSubscriptionAck: (packetId: number, reasonCodes: readonly number[] | undefined) => void
  readonly onDisconnect: (packet: Disconnect) => void
  /** Called if the connection must close; `error` is absent if the client only closes it. */
  readonly onError: (error: unknown, hint?: string) => void
}

/** What a `ControlClient` is created from. */
export interface ControlClientParts {
  readonly connect: ConnectPacket
  readonly protocolVersion: 4 | 5
  readonly writer: PacketWriter
  readonly stream: ByteStream
  readonly scheduler: SchedulerLike
  /** Returns how many chunks have arrived, which shows whether the broker is alive. */
  readonly receivedChunks: () => number
  readonly events: ControlEvents
}

/**
 * Speaks the packets of a connection other than PUBLISH and its acknowledgements: sends CONNECT when it is created, probes
 * an idle connection, and reads what the broker sends.
 */
export interface ControlClient {
  /** Reads the packet at the framer. Throws a `PacketError` if it breaks a rule. */
  readonly receive: (framer: Framer) => void
  /** Sends DISCONNECT, with Session Expiry Interval 0 if `endSession`, and closes the stream once all is sent. */
  readonly disconnect: (endSession: boolean) => void
  /** Sends DISCONNECT with the reason code of a packet that broke a rule. The stream is closed next. */
  readonly reject?: (reasonCode: number) => void
  /** Closes the stream without DISCONNECT. */
  readonly drop: () => void
  /** Ends all timers, since the stream has closed. */
  readonly close: () => void
}

/** Creates the client of a connection. */
export type OpenControlClient = (parts: ControlClientParts) => ControlClient

/** Prepares the client of a connection before its stream is opened. Throws if it cannot send the CONNECT. */
export type PrepareControlClient = (connect: ConnectPacket, protocolVersion: 4 | 5) => OpenControlClient
