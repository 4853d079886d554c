import type { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import type { ConnectPacket } from '@antiphon/packet'
import type { SchedulerLike, Subscriber } from 'rxjs'
import type { Address } from './address.js'
import type { BegunAuthentication } from './authentication.js'
import type { OpenControlClient } from './control-client.js'
import type { Session } from './session.js'
import type { ByteStream, StreamEvents } from './streams/byte-stream.js'

/** Why a connection has ended. */
export interface ConnectionFailure {
  readonly error: AntiphonError
  readonly wasOnline: boolean
  /** The Server Reference of the CONNACK or DISCONNECT. */
  readonly serverReference: string | undefined
}

/** What a connection is created from. */
export interface ConnectionParts {
  readonly address: Address
  readonly connect: ConnectPacket
  readonly protocolVersion: 4 | 5
  readonly openStream: (events: StreamEvents) => ByteStream
  readonly openClient: OpenControlClient
  readonly session: Session
  /** Whether `disconnect` will end the session, because no option requests a persistent one. */
  readonly endsSession: boolean
  /** The enhanced authentication, begun for this connection. */
  readonly authentication: BegunAuthentication | undefined
  /** Milliseconds to wait for CONNACK, and for the end of a re-authentication. */
  readonly connectTimeout: number
  readonly scheduler: SchedulerLike
  readonly subscriber: Subscriber<TransportEvent>
  /** Called before `online` is emitted. */
  readonly onAccepted: () => void
  /**
   * Called if the connection ends without `disconnect`. Returns the error for the subscriber, or `undefined` if another
   * connection replaces it, which has not been online.
   */
  readonly onFailed: (failure: ConnectionFailure) => AntiphonError | undefined
  /** The server to which the broker has redirected the client. */
  readonly redirectedTo: string | undefined
}
