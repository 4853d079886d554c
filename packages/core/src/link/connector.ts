import { ReplaySubject, Subscription as Teardown, type Observable } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { BackOff } from './back-off.js'
import { isFatal } from './fatal.js'
import type { Grant, LinkState } from './link.js'
import type { Transport, TransportEvent } from './transport.js'

/** Who works with the connection while there is one. */
export interface ConnectorParts {
  readonly transport: Transport
  readonly deadlines: Deadlines
  readonly backOff: BackOff
  /** `sessionPresent` only where it is certain to be the session of the connection before. */
  readonly online: (grant: Grant) => void
  readonly arrived: (event: Exclude<TransportEvent, { type: 'online' }>) => void
  readonly offline: () => void
  /** No connection will come any more: by the error no retry can mend, or without one by `close`. */
  readonly ended: (error?: AntiphonError) => void
}

/** Keeps a connection up: the first on demand, another after each loss, until it is closed or no retry can help. */
export class Connector {
  readonly #parts: ConnectorParts
  readonly #states = new ReplaySubject<LinkState>(1)
  #phase: 'idle' | 'connecting' | 'online' | 'waiting' | 'closing' | 'closed' = 'idle'
  #connection = new Teardown()
  #retry: Deadline | undefined
  #failures = 0
  #hasBeenOnline = false
  /** The broker may have begun a session in an attempt whose answer never came, after the one we knew was lost. */
  #mayHaveMissedSession = false

  constructor(parts: ConnectorParts) {
    this.#parts = parts
  }

  get state$(): Observable<LinkState> {
    return this.#states
  }

  get isOnline(): boolean {
    return this.#phase === 'online'
  }

  /** Connects, unless that has been done before. */
  open(): void {
    if (this.#phase === 'idle') this.#connect()
  }

  /** Says farewell; `ended` is told when the connection is gone, once more where it has long been. */
  close(): void {
    if (this.#phase === 'closed') this.#parts.ended()
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    const wasConnected = this.#phase === 'online'
    this.#phase = 'closing'
    this.#retry?.cancel()
    if (!wasConnected) this.#connection.unsubscribe()
    this.#parts.transport.disconnect$().subscribe({
      error: () => this.#end(),
      complete: () => this.#end(),
    })
  }

  #connect(): void {
    this.#phase = 'connecting'
    const attempt = this.#failures + 1
    this.#states.next({ status: 'connecting', attempt })
    this.#connection = new Teardown()
    this.#connection.add(
      this.#parts.transport.connect$(attempt).subscribe({
        next: (event) => this.#receive(event),
        error: (error: unknown) => this.#lose(AntiphonError.from(error)),
        complete: () => this.#lose(new AntiphonError('connection-lost', 'the connection ended')),
      }),
    )
  }

  #receive(event: TransportEvent): void {
    if (event.type !== 'online') {
      this.#parts.arrived(event)
      return
    }
    this.#phase = 'online'
    this.#failures = 0
    this.#hasBeenOnline = true
    const { grant } = event
    const isOurs = grant.sessionPresent && !this.#mayHaveMissedSession
    this.#mayHaveMissedSession = false
    this.#states.next({ status: 'online', grant })
    this.#parts.online({ ...grant, sessionPresent: isOurs })
  }

  #lose(error: AntiphonError): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    const wasOnline = this.#phase === 'online'
    this.#phase = 'waiting'
    if (wasOnline) this.#parts.offline()
    else if (this.#hasBeenOnline && error.phase === 'after-network') this.#mayHaveMissedSession = true
    // The broker lived in this process and was closed: an orderly end, as if by `close()`.
    if (error.code === 'link-closed') {
      this.#end()
      return
    }
    if (isFatal(error, this.#hasBeenOnline)) {
      this.#end(error)
      return
    }
    this.#failures++
    const retryIn = this.#parts.backOff(this.#failures)
    this.#retry = this.#parts.deadlines.add(retryIn, () => this.#connect())
    this.#states.next({ status: 'offline', error, retryIn })
  }

  #end(error?: AntiphonError): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#connection.unsubscribe()
    this.#parts.ended(error)
    this.#states.next(error === undefined ? { status: 'closed' } : { status: 'closed', error })
    this.#states.complete()
  }
}
