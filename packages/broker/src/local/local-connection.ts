import { AntiphonError } from '@antiphon/core'
import type { OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest, TransportEvent } from '@antiphon/core/link'
import { isPromiseLike } from '../authority/hook-result.js'
import { authenticate } from '../authority/authenticate.js'
import type { ConnectVerdict, ClientInfo, ConnectAttempt } from '../authority/authority.js'
import { HookQueue } from '../authority/hook-queue.js'
import type { Publisher } from '../authority/publisher.js'
import { admit } from '../connection/admit.js'
import { checkConnect, toAttempt, toClientInfo, toVisitor } from '../connection/connect-rules.js'
import { ConnectionTimer } from '../connection/connection-timer.js'
import type { Flushable } from '../connection/turn.js'
import type { Engine } from '../engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import type { Publication } from '../packet/publication.js'
import { Reason, isFailure, reasonText } from '../packet/reason.js'
import { topicExcess } from '../packet/topic-limits.js'
import { unanswered } from '../routing/intake.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import type { Departure } from '../session/sessions.js'
import { countRefusal } from '../stats.js'
import { toLocalConnectionInfo } from './local-connection-info.js'
import { fromLocal, toLocalMessage } from './local-message.js'
import { Serial } from './serial.js'

/** Who hears what happens on a local connection. */
export interface LocalListener {
  readonly next: (event: TransportEvent) => void
  readonly error: (error: AntiphonError) => void
}

/** Where a local client says it comes from. */
const whereabouts = { remoteAddress: 'in-process', listener: 'in-process' }

/**
 * A connection without a socket. What it hears, it hears at the end of a turn and in order, so that whoever publishes
 * from within a message is never re-entered.
 */
export class LocalConnection implements Peer, Publisher, Flushable {
  readonly lane: HookQueue
  readonly #engine: Engine
  readonly #request: ConnectRequest
  readonly #attempt: ConnectAttempt
  readonly #listener: LocalListener
  /** The end of the client's credential. */
  readonly #credential: ConnectionTimer
  #client: ClientInfo
  #session: Session | undefined
  #isOver = false
  #mail: (() => void)[] = []
  #unreadBytes = 0
  /** Keeps messages in order when a hook publishes over this link. */
  readonly #sending = new Serial()
  /** What is to fail when the connection does. */
  readonly #waiting = new Set<(error: AntiphonError) => void>()

  constructor(engine: Engine, request: ConnectRequest, listener: LocalListener) {
    this.#engine = engine
    this.#request = request
    this.#listener = listener
    this.#credential = new ConnectionTimer(engine.deadlines)
    this.#attempt = toAttempt(request, whereabouts)
    this.#client = toClientInfo(this.#attempt, undefined)
    this.lane = new HookQueue(Infinity, () => undefined)
    engine.guests.add(this)
  }

  get client(): ClientInfo {
    return this.#client
  }

  get isFull(): boolean {
    return this.#unreadBytes > this.#engine.settings.limits.queueBytes
  }

  get isOnline(): boolean {
    return this.#session !== undefined && !this.#isOver
  }

  /** Knocks at the door. */
  open(): void {
    if (this.#isOver) return
    try {
      const { sessions, settings } = this.#engine
      checkConnect(this.#request, settings)
      if (sessions.isFullFor(this.#attempt.clientId)) {
        throw new AntiphonError('protocol', 'the broker holds as many sessions as it may', {
          reasonCode: Reason.quotaExceeded,
        })
      }
      const admission = authenticate(settings.authority, this.#attempt)
      if (isPromiseLike(admission)) admission.then((given) => this.#enter(given)).catch(this.#refuseFor)
      else this.#enter(admission)
    } catch (error) {
      this.#refuseFor(error)
    }
  }

  publish(
    publication: Publication,
    flags: number,
    packetId: number,
    identifiers: readonly number[] | null,
  ): boolean {
    const { size } = publication
    this.#unreadBytes += size
    this.#engine.counters.messagesOut++
    this.#post(() => {
      this.#unreadBytes -= size
      const qos = ((flags >> 1) & 3) as 0 | 1 | 2
      const as = { qos, retain: (flags & 1) !== 0, dup: (flags & 8) !== 0, identifiers }
      const message = toLocalMessage(publication, as, this.#engine.now(), this.#request.version)
      this.#listener.next({ type: 'message', message, acknowledge: () => this.#acknowledge(qos, packetId) })
    })
    return true
  }

  release(packetId: number): void {
    this.#session?.downlink.completed(packetId)
  }

  received(): void {
    // Nothing is published here whose answer could arrive on another connection.
  }

  readonly disconnect = (reasonCode: number, text: string): void => {
    if (this.#isOver) return
    if (this.#session === undefined) return this.#refuse(reasonCode, text)
    this.#end({ forgetsWill: false }, { by: 'broker', reasonCode, reason: text })
    this.#fail(
      new AntiphonError('connection-lost', `the broker ended the connection: ${text}`, { reasonCode }),
    )
  }

  /** Leaves with a farewell, or without. */
  leave(how: { readonly isFarewell: boolean; readonly expiry?: number }): void {
    const { isFarewell, expiry } = how
    const departure = { forgetsWill: isFarewell, ...(expiry === undefined ? {} : { expiry }) }
    const reason = isFarewell ? reasonText(Reason.success) : 'the connection was dropped'
    this.#end(departure, {
      by: isFarewell ? 'client' : 'network',
      reason,
      ...(isFarewell ? { reasonCode: 0 } : {}),
    })
    this.#mail = []
  }

  /** Publishes, and tells the reason code; the message is the broker's at once, whatever becomes of the connection. */
  send(
    message: OutgoingMessage,
    response: (reasonCode: number) => void,
    refused: (error: AntiphonError) => void,
  ): void {
    const { counters, intake, now, turn, settings } = this.#engine
    const { version } = this.#request
    const excess = topicExcess(message.topic, settings.limits)
    if (excess !== undefined) {
      const context = { topic: message.topic, reasonCode: Reason.topicNameInvalid }
      return refused(new AntiphonError('publish-refused', excess, context))
    }
    counters.messagesIn++
    const publication = fromLocal(message, this.#client.clientId, now(), version)
    const conclude = (outcome: number): void => {
      const code = publication.qos === 0 ? Reason.success : outcome
      if (code === unanswered) {
        const context = { topic: message.topic, phase: 'after-network' } as const
        return refused(
          new AntiphonError(
            'publish-refused',
            'the broker ended the connection because of this message',
            context,
          ),
        )
      }
      response(version === 5 || !isFailure(code) ? code : Reason.success)
    }
    this.#sending.run(() => {
      const outcome = intake.take(publication, this)
      if (isPromiseLike(outcome)) void outcome.then((code) => turn.add({ flush: () => conclude(code) }))
      else turn.add({ flush: () => conclude(outcome) })
    })
  }

  /** Subscribes, and tells the reason codes before the retained messages come. */
  subscribe(
    requests: readonly SubscribeRequest[],
    identifier: number | undefined,
    response: (reasonCodes: readonly number[]) => void,
  ): void {
    const session = this.#session as Session
    const isV5 = this.#request.version === 5
    const lines = isV5
      ? requests
      : requests.map((line) => ({ ...line, noLocal: false, retainHandling: 0 as const }))
    const request = { lines, ...(identifier === undefined || !isV5 ? {} : { identifier }) }
    const subscribed = this.#engine.subscriber.subscribe(session, this.#client, request)
    const conclude = ({ reasonCodes, replay }: Awaited<typeof subscribed>): void => {
      this.#post(() => response(reasonCodes.map((code) => (isV5 || !isFailure(code) ? code : 0x80))))
      if (!this.#isOver) replay()
    }
    if (isPromiseLike(subscribed)) void subscribed.then(conclude)
    else conclude(subscribed)
  }

  unsubscribe(filters: readonly string[], response: (reasonCodes: readonly number[]) => void): void {
    const reasonCodes = this.#engine.subscriber.unsubscribe(this.#session as Session, filters)
    this.#post(() => response(reasonCodes))
  }

  /** Has `fail` called when the connection ends; the returned function takes that back. */
  whileOnline(fail: (error: AntiphonError) => void): () => void {
    this.#waiting.add(fail)
    return () => this.#waiting.delete(fail)
  }

  flush(): void {
    const mail = this.#mail
    this.#mail = []
    const wasFull = this.isFull
    for (const open of mail) open()
    if (wasFull && !this.isFull) this.#session?.downlink.pump()
  }

  #enter(admission: ConnectVerdict): void {
    if (this.#isOver) return
    if ('challenge' in admission)
      return this.#refuse(Reason.badAuthenticationMethod, 'a local client cannot be challenged')
    if (!admission.admit) return this.#refuse(admission.reasonCode, admission.reasonString ?? 'not let in')
    const engine = this.#engine
    const visitor = toVisitor(engine.settings, this.#attempt, admission)
    const granted = toLocalConnectionInfo(engine.settings, visitor.client)
    engine.sessions.makeWay(visitor.client.clientId, this.#request.cleanStart)
    // Both run hooks, which may have closed this link.
    if (this.#isOver) return
    const { session, sessionPresent } = admit(engine, this, visitor, this.#request)
    this.#client = visitor.client
    this.#session = session
    if (admission.expiresAt !== undefined) {
      this.#credential.limit(Math.max(0, admission.expiresAt - engine.now()), () =>
        this.disconnect(Reason.maximumConnectTime, 'the credential has expired'),
      )
    }
    this.#post(() => this.#listener.next({ type: 'online', info: { ...granted, sessionPresent } }))
    engine.sessions.resume(session)
  }

  readonly #refuseFor = (error: unknown): void => {
    const { message, reasonCode = Reason.unspecifiedError } = AntiphonError.from(error)
    this.#refuse(reasonCode, message)
  }

  #refuse(reasonCode: number, reason: string): void {
    const { clientId, remoteAddress } = this.#attempt
    countRefusal(this.#engine.counters, reasonCode)
    this.#engine.emit({ type: 'refused', remoteAddress, clientId, reasonCode, reason })
    this.#end({ forgetsWill: true }, { by: 'broker', reasonCode, reason })
    this.#fail(
      new AntiphonError('connection-refused', `the broker refused '${clientId}': ${reason}`, { reasonCode }),
    )
  }

  #acknowledge(qos: 0 | 1 | 2, packetId: number): void {
    const session = this.#session
    if (qos === 0 || this.#isOver || session === undefined) return
    if (qos === 1) session.downlink.acknowledged(packetId, Reason.success)
    else session.downlink.received(packetId, Reason.success)
  }

  #post(letter: () => void): void {
    if (this.#mail.push(letter) === 1) this.#engine.turn.add(this)
  }

  /** Tells everybody who waits; after what has come in before. */
  #fail(error: AntiphonError): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#post(() => {
      for (const fail of waiting) fail(error)
      this.#listener.error(error)
    })
  }

  #end(
    departure: Departure,
    why: {
      readonly by: 'client' | 'broker' | 'network'
      readonly reasonCode?: number
      readonly reason: string
    },
  ): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#credential.end()
    this.#engine.guests.delete(this)
    const session = this.#session
    if (session === undefined) return
    this.#engine.emit({ type: 'disconnected', client: this.#client, ...why })
    if (session.peer === this) this.#engine.sessions.close(session, departure)
  }
}
