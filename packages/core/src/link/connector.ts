import { ReplaySubject, Subscription as Teardown, type Observable } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { isFatal } from './fatal.js'
import type { ConnectionLimits, ConnectionInfo, Incident, LinkState } from './link.js'
import type { ReconnectDelays } from './reconnect.js'
import { ShortConnections } from './short-connections.js'
import type { Transport, TransportEvent } from './transport.js'

/** The longest wait for `disconnect$`, in milliseconds; after it the connection is dropped. */
const DISCONNECT_TIMEOUT = 5_000

/** What a connector works with, and its callbacks. */
export interface ConnectorParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly delays: ReconnectDelays
  /** Override the values of the broker's CONNACK. */
  readonly limits: ConnectionLimits | undefined
  /** Milliseconds online after which a connection is replaced. */
  readonly maxConnectionAge: number
  /** Called when online; `isSameSession` if the session is certainly that of the previous connection. */
  readonly onOnline: (info: ConnectionInfo, isSameSession: boolean) => void
  readonly onEvent: (event: Exclude<TransportEvent, { type: 'online' }>) => void
  readonly onOffline: () => void
  readonly report: (incident: Incident) => void
  /** Called once, when no further connection follows: with a fatal error, or without one after `close`. */
  readonly onEnd: (error?: AntiphonError) => void
}

/** `replacing`: DISCONNECT was sent at the maximum age of the connection. */
type Phase = 'idle' | 'connecting' | 'online' | 'replacing' | 'waiting' | 'closing' | 'closed'

/** Keeps a link connected: connects on demand and again after each loss, until `close` or a fatal error. */
export class Connector {
  readonly #parts: ConnectorParts
  readonly #states = new ReplaySubject<LinkState>(1)
  #phase: Phase = 'idle'
  #connection = new Teardown()
  /** The next attempt, the maximum age of the connection, or the timeout of `disconnect$`. */
  #deadline: Deadline | undefined
  #failures = 0
  #lastDelay = 0
  #onlineSince = 0
  #clientId = ''
  readonly #shortConnections = new ShortConnections()
  #hasBeenOnline = false
  /** The broker may have started a new session in an attempt whose CONNACK was lost. */
  #mayHaveMissedSession = false

  constructor(parts: ConnectorParts) {
    this.#parts = parts
  }

  get state$(): Observable<LinkState> {
    return this.#states
  }

  get isOnline(): boolean {
    return this.#isIn('online')
  }

  /** Connects if it has not connected before. */
  open(): void {
    if (this.#phase === 'idle') this.#connect()
  }

  /** Disconnects; calls `onEnd` once the connection is closed. */
  close(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    const isConnected = this.isOnline || this.#isIn('replacing')
    this.#phase = 'closing'
    if (!isConnected) this.#connection.unsubscribe()
    this.#disconnect(false, () => this.#end())
  }

  /** Calls `onClosed` once the connection is closed, or after a timeout. */
  #disconnect(keepSession: boolean, onClosed: () => void): void {
    const { transport, deadlines } = this.#parts
    const disconnecting = new Teardown()
    this.#deadline?.cancel()
    this.#deadline = deadlines.add(DISCONNECT_TIMEOUT, () => {
      disconnecting.unsubscribe()
      onClosed()
    })
    disconnecting.add(
      transport.disconnect$({ keepSession }).subscribe({ error: onClosed, complete: onClosed }),
    )
  }

  #connect(): void {
    this.#phase = 'connecting'
    const attempt = this.#failures + 1
    this.#states.next({ status: 'connecting', attempt })
    // An observer of the state may have called `close`.
    if (!this.#isIn('connecting')) return
    this.#connection = new Teardown()
    this.#connection.add(
      this.#parts.transport.connect$(attempt).subscribe({
        next: (event) => this.#receive(event),
        error: (error: unknown) => this.#lose(this.#explain(AntiphonError.from(error))),
        complete: () => this.#lose(new AntiphonError('connection-lost', 'the connection closed')),
      }),
    )
  }

  #receive(event: TransportEvent): void {
    // A message after DISCONNECT could not be acknowledged; the broker redelivers it.
    if (this.#phase === 'replacing') return
    if (event.type !== 'online') {
      this.#parts.onEvent(event)
      return
    }
    if (this.#phase !== 'connecting') return
    const { limits, deadlines, delays, maxConnectionAge } = this.#parts
    const info = { ...event.info, ...limits }
    if (info.receiveMaximum === 0) {
      this.#connection.unsubscribe()
      const text =
        'the broker sent a Receive Maximum of 0, a protocol error: override it with limits.receiveMaximum'
      this.#lose(new AntiphonError('protocol', text, { phase: 'after-network' }))
      return
    }
    this.#phase = 'online'
    this.#onlineSince = this.#parts.deadlines.now()
    this.#clientId = info.clientId
    this.#hasBeenOnline = true
    if (maxConnectionAge < Infinity)
      this.#deadline = deadlines.add(delays.ageOf(maxConnectionAge), () => this.#replaceConnection())
    const isSameSession = info.sessionPresent && !this.#mayHaveMissedSession
    this.#mayHaveMissedSession = false
    this.#states.next({ status: 'online', info })
    if (this.isOnline) this.#parts.onOnline(info, isSameSession)
  }

  #lose(error: AntiphonError): void {
    if (this.#phase === 'replacing' || this.#phase === 'closing' || this.#phase === 'closed') return
    const wasOnline = this.isOnline
    this.#deadline?.cancel()
    this.#phase = 'waiting'
    if (wasOnline) this.#parts.onOffline()
    else if (mayHaveStartedSession(error)) this.#mayHaveMissedSession = true
    if (!this.#isIn('waiting')) return
    // The in-process broker was closed: an orderly end, as if by `close()`.
    if (error.code === 'link-closed') this.#end()
    else if (isFatal(error, this.#hasBeenOnline)) this.#end(error)
    else this.#retry(error, wasOnline ? 'afterLoss' : 'afterAttempt')
  }

  /** Returns the error of a lost connection, or one that names why several connections in a row may have ended early. */
  #explain(error: AntiphonError): AntiphonError {
    const timeOnline = this.#parts.deadlines.now() - this.#onlineSince
    const { error: explained, isFirst } = this.isOnline
      ? this.#shortConnections.loseOnline(error, timeOnline, this.#clientId)
      : this.#shortConnections.loseConnecting(error)
    if (isFirst) this.#parts.report({ kind: 'short-connections', error: explained })
    return explained
  }

  /** Disconnects in order, since the broker would publish the will of a connection that is dropped. */
  #replaceConnection(): void {
    this.#phase = 'replacing'
    this.#parts.onOffline()
    if (!this.#isIn('replacing')) return
    this.#disconnect(true, () => {
      if (!this.#isIn('replacing')) return
      this.#connection.unsubscribe()
      this.#phase = 'waiting'
      const text = `the connection reached its maxConnectionAge of ${this.#parts.maxConnectionAge} ms`
      this.#resetFailures()
      this.#retry(new AntiphonError('connection-lost', text, { phase: 'after-network' }), 'afterAttempt')
    })
  }

  /** The delay grows also if the broker accepts connections and closes them before the last delay has passed. */
  #resetFailures(): void {
    const timeOnline = this.#parts.deadlines.now() - this.#onlineSince
    if (timeOnline >= this.#lastDelay) this.#failures = 0
  }

  #retry(error: AntiphonError, delay: keyof ReconnectDelays): void {
    if (delay === 'afterLoss') this.#resetFailures()
    const retryIn = this.#parts.delays[delay](++this.#failures)
    this.#lastDelay = retryIn
    this.#deadline = this.#parts.deadlines.add(retryIn, () => this.#connect())
    this.#states.next({ status: 'offline', error, retryIn })
  }

  #end(error?: AntiphonError): void {
    this.#phase = 'closed'
    this.#deadline?.cancel()
    this.#connection.unsubscribe()
    this.#parts.onEnd(error)
    this.#states.next(error === undefined ? { status: 'closed' } : { status: 'closed', error })
    this.#states.complete()
  }

  /** A method, because callbacks change the phase and TypeScript would narrow the property. */
  #isIn(phase: Phase): boolean {
    return this.#phase === phase
  }
}

/** Whether CONNACK may have been sent but not received. */
function mayHaveStartedSession({ code, phase }: AntiphonError): boolean {
  return code === 'connection-lost' && phase === 'after-network'
}
