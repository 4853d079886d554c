import { ReplaySubject, Subscription as Teardown, type Observable, type SchedulerLike } from 'rxjs'
import { AntiphonError } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { BackOff } from './back-off.js'
import { isFatal } from './fatal.js'
import type { ConnectionLimits, ConnectionInfo, LinkState } from './link.js'
import type { Transport, TransportEvent } from './transport.js'

/** Milliseconds a farewell may take before the connection is dropped without one. */
const DISCONNECT_TIMEOUT = 5_000

/** Who works with the connection while there is one. */
export interface ConnectorParts {
  readonly transport: Transport
  readonly scheduler: SchedulerLike
  readonly deadlines: Deadlines
  readonly backOff: BackOff
  /** Takes the place of what the broker grants. */
  readonly limits: ConnectionLimits | undefined
  /** Milliseconds online after which a connection is replaced by another. */
  readonly maxConnectionAge: number
  /** `isSameSession` where the session is certain to be that of the connection before. */
  readonly onOnline: (info: ConnectionInfo, isSameSession: boolean) => void
  readonly onEvent: (event: Exclude<TransportEvent, { type: 'online' }>) => void
  readonly onOffline: () => void
  /** No connection will come any more: by the error no retry can mend, or without one by `close`. Told once. */
  readonly onEnd: (error?: AntiphonError) => void
}

type Phase = 'idle' | 'connecting' | 'online' | 'waiting' | 'closing' | 'closed'

/** Keeps a connection up: the first on demand, another after each loss, until it is closed or no retry can help. */
export class Connector {
  readonly #parts: ConnectorParts
  readonly #states = new ReplaySubject<LinkState>(1)
  #phase: Phase = 'idle'
  #connection = new Teardown()
  /** The next attempt, the end of a connection that has to be renewed, or of patience with a farewell. */
  #deadline: Deadline | undefined
  #failures = 0
  #lastWait = 0
  #onlineSince = 0
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
    return this.#isIn('online')
  }

  /** Connects, unless that has been done before. */
  open(): void {
    if (this.#phase === 'idle') this.#connect()
  }

  /** Says farewell; `ended` is told when the connection is gone. */
  close(): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    const wasOnline = this.isOnline
    this.#phase = 'closing'
    this.#deadline?.cancel()
    if (!wasOnline) this.#connection.unsubscribe()
    const farewell = new Teardown()
    this.#deadline = this.#parts.deadlines.add(DISCONNECT_TIMEOUT, () => {
      farewell.unsubscribe()
      this.#end()
    })
    const end = (): void => this.#end()
    farewell.add(this.#parts.transport.disconnect$().subscribe({ error: end, complete: end }))
  }

  #connect(): void {
    this.#phase = 'connecting'
    const attempt = this.#failures + 1
    this.#states.next({ status: 'connecting', attempt })
    // Whoever is told may have closed it.
    if (!this.#isIn('connecting')) return
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
      this.#parts.onEvent(event)
      return
    }
    if (this.#phase !== 'connecting') return
    this.#phase = 'online'
    this.#onlineSince = this.#parts.scheduler.now()
    this.#hasBeenOnline = true
    const { limits, deadlines, maxConnectionAge: renewAfter } = this.#parts
    const info = { ...event.info, ...limits }
    if (renewAfter < Infinity) this.#deadline = deadlines.add(renewAfter, () => this.#renew())
    const isSameSession = info.sessionPresent && !this.#mayHaveMissedSession
    this.#mayHaveMissedSession = false
    this.#states.next({ status: 'online', info })
    if (this.isOnline) this.#parts.onOnline(info, isSameSession)
  }

  #lose(error: AntiphonError): void {
    if (this.#phase === 'closing' || this.#phase === 'closed') return
    const wasOnline = this.isOnline
    this.#deadline?.cancel()
    this.#phase = 'waiting'
    if (wasOnline) this.#parts.onOffline()
    else if (mayHaveStartedSession(error)) this.#mayHaveMissedSession = true
    if (!this.#isIn('waiting')) return
    // The broker lived in this process and was closed: an orderly end, as if by `close()`.
    if (error.code === 'link-closed') this.#end()
    else if (isFatal(error, this.#hasBeenOnline)) this.#end(error)
    else this.#retry(error, wasOnline)
  }

  #renew(): void {
    this.#connection.unsubscribe()
    const why = `the connection is ${this.#parts.maxConnectionAge} ms old: it is renewed`
    this.#lose(new AntiphonError('connection-lost', why, { phase: 'after-network' }))
  }

  /** A broker that lets us in and throws us out again is no better than one that refuses us: the waits grow. */
  #retry(error: AntiphonError, wasOnline: boolean): void {
    const lasted = this.#parts.scheduler.now() - this.#onlineSince
    if (wasOnline && lasted >= this.#lastWait) this.#failures = 0
    const retryIn = this.#parts.backOff(++this.#failures)
    this.#lastWait = retryIn
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

  /** A question of its own, since who is told of something may change the answer. */
  #isIn(phase: Phase): boolean {
    return this.#phase === phase
  }
}

/** Whether the broker may have let us in, and what it said of the session was lost on the way. */
function mayHaveStartedSession({ code, phase }: AntiphonError): boolean {
  return code === 'connection-lost' && phase === 'after-network'
}
