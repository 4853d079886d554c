import { AntiphonError } from '@antiphon/core'
import type { OutgoingMessage } from '@antiphon/core'
import type { SubscribeRequest, TransportEvent } from '@antiphon/core/link'
import { PacketError, Reason, describeReason } from '@antiphon/packet'
import { isPromiseLike } from '../authority/hook-result.js'
import { callAuthenticate } from '../authority/call-authenticate.js'
import type { ConnectVerdict, ClientInfo, ConnectAttempt } from '../authority/authority.js'
import { HookQueue } from '../authority/hook-queue.js'
import type { Publisher } from '../authority/publisher.js'
import { openSession, prepareSession } from '../connection/open-session.js'
import { checkConnect, toAttempt, toClientInfo, toAdmittedClient } from '../connection/connect-rules.js'
import { ConnectionTimer } from '../connection/connection-timer.js'
import { reportDisconnection, type DisconnectionDetails } from '../connection/report-disconnection.js'
import type { Engine } from '../engine/engine.js'
import type { ConnectRequest } from '../packet/connect.js'
import { fromFlags } from '../packet/publication.js'
import type { Publication } from '../packet/publication.js'
import { isFailure, toReason } from '../packet/reason.js'
import { topicLimitFault } from '../packet/topic-limits.js'
import { notAcknowledged } from '../routing/publish-pipeline.js'
import type { Peer } from '../session/peer.js'
import type { Session } from '../session/session.js'
import type { ConnectionEnd } from '../session/sessions.js'
import { countRefusal } from '../counters.js'
import { toLocalConnectionInfo } from './local-connection-info.js'
import { fromLocalMessage, toLocalMessage } from './local-message.js'
import { LocalOutput } from './local-output.js'
import { SerialQueue } from './serial-queue.js'

/** An observer of a local connection. */
export interface LocalConnectionObserver {
  readonly next: (event: TransportEvent) => void
  readonly error: (error: AntiphonError) => void
}

/** The addresses of a client without a socket. */
const inProcess = { remoteAddress: 'in-process', listener: 'in-process' }

/** A connection without a socket. */
export class LocalConnection implements Peer, Publisher {
  readonly hookQueue: HookQueue
  readonly #engine: Engine
  readonly #request: ConnectRequest
  readonly #attempt: ConnectAttempt
  readonly #observer: LocalConnectionObserver
  /** Ends the connection when the client's credential expires. */
  readonly #credentialTimer: ConnectionTimer
  #client: ClientInfo
  #session: Session | undefined
  #isClosed = false
  readonly #output: LocalOutput
  #unreadBytes = 0
  /** Keeps messages in order when a hook publishes over this link. */
  readonly #publishQueue = new SerialQueue()
  /** Settles when the hooks of all earlier SUBSCRIBEs and UNSUBSCRIBEs have answered; `undefined` if none is pending. */
  #subscribing: Promise<void> | undefined

  constructor(engine: Engine, request: ConnectRequest, observer: LocalConnectionObserver) {
    this.#engine = engine
    this.#request = request
    this.#observer = observer
    this.#output = new LocalOutput({
      turn: engine.turn,
      failed: (error) => observer.error(error),
      run: (callbacks) => this.#deliver(callbacks),
    })
    this.#credentialTimer = new ConnectionTimer(engine.deadlines)
    this.#attempt = toAttempt(request, inProcess)
    this.#client = toClientInfo(this.#attempt, undefined)
    this.hookQueue = new HookQueue(Infinity, () => undefined)
    engine.connections.add(this)
  }

  get client(): ClientInfo {
    return this.#client
  }

  get isFull(): boolean {
    return this.#unreadBytes > this.#engine.settings.limits.queueBytes
  }

  get fullLimit(): 'queueBytes' {
    return 'queueBytes'
  }

  get isOnline(): boolean {
    return this.#session !== undefined && !this.#isClosed
  }

  /** Does what a CONNECT does. */
  open(): void {
    if (this.#isClosed) return
    try {
      const { sessionRoom, settings, hooks } = this.#engine
      checkConnect(this.#request, settings)
      const refusal = sessionRoom.refusal(this.#attempt.clientId)
      if (refusal !== undefined) throw new PacketError(Reason.quotaExceeded, refusal)
      const verdict = callAuthenticate(settings.authority, hooks, this.#attempt)
      if (isPromiseLike(verdict)) verdict.then((result) => this.#accept(result)).catch(this.#refuseWith)
      else this.#accept(verdict)
    } catch (error) {
      this.#refuseWith(error)
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
    this.#output.add(() => {
      this.#unreadBytes -= size
      const fields = fromFlags(flags, identifiers)
      const message = toLocalMessage(publication, fields, this.#engine.now(), this.#request.version)
      this.#observer.next({
        type: 'message',
        message,
        acknowledge: () => this.#acknowledge(fields.qos, packetId),
      })
    })
    return true
  }

  release(packetId: number): void {
    this.#session?.outbound.completed(packetId)
  }

  received(): void {
    // A local client waits for a reason code, not for a PUBREC.
  }

  readonly disconnect = (reasonCode: number, text: string): void => {
    if (this.#isClosed) return
    if (this.#session === undefined) return this.#refuse(reasonCode, text)
    this.#end({ discardsWill: false }, { by: 'broker', reasonCode, reason: text })
    this.#output.fail(
      new AntiphonError('connection-lost', `the broker ended the connection: ${text}`, { reasonCode }),
    )
  }

  /** Closes the connection, as by a DISCONNECT or, without one, by a lost network connection. */
  close(options: { readonly isDisconnect: boolean; readonly sessionExpiryInterval?: number }): void {
    const { isDisconnect, sessionExpiryInterval } = options
    const end = {
      discardsWill: isDisconnect,
      ...(sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval }),
    }
    const reason = isDisconnect ? describeReason(Reason.success) : 'the connection was dropped'
    this.#end(end, {
      by: isDisconnect ? 'client' : 'network',
      reason,
      ...(isDisconnect ? { reasonCode: 0 } : {}),
    })
    this.#output.clear()
  }

  /** Publishes a message of the client. It is published even if the connection ends before `onOutcome` is called. */
  publishFromClient(
    message: OutgoingMessage,
    onOutcome: (reasonCode: number) => void,
    onRefused: (error: AntiphonError) => void,
  ): void {
    const { counters, publishPipeline, now, turn, settings } = this.#engine
    const { version } = this.#request
    const fault = topicLimitFault(message.topic, settings.limits)
    if (fault !== undefined) {
      const context = { topic: message.topic, reasonCode: Reason.topicNameInvalid }
      return onRefused(new AntiphonError('publish-refused', fault, context))
    }
    counters.messagesIn++
    const publication = fromLocalMessage(message, this.#client.clientId, now(), version)
    const finish = (outcome: number): void => {
      const code = publication.qos === 0 ? Reason.success : outcome
      if (code === notAcknowledged) {
        const context = { topic: message.topic, phase: 'after-network' } as const
        return onRefused(
          new AntiphonError(
            'publish-refused',
            `cannot publish to '${message.topic}': the broker ended the connection because of this message`,
            context,
          ),
        )
      }
      onOutcome(version === 5 || !isFailure(code) ? code : Reason.success)
    }
    this.#publishQueue.run(() => {
      const outcome = publishPipeline.publish(publication, this)
      if (isPromiseLike(outcome)) void outcome.then((code) => turn.add({ flush: () => finish(code) }))
      else turn.add({ flush: () => finish(outcome) })
    })
  }

  /** Subscribes; `onSuback` gets the reason codes before the first retained message is delivered. */
  subscribe(
    requests: readonly SubscribeRequest[],
    identifier: number | undefined,
    onSuback: (reasonCodes: readonly number[]) => void,
  ): void {
    this.#inOrder(() => this.#subscribe(requests, identifier, onSuback))
  }

  unsubscribe(filters: readonly string[], onUnsuback: (reasonCodes: readonly number[]) => void): void {
    this.#inOrder(() => {
      const { subscriptionHandler } = this.#engine
      const session = this.#session as Session
      const unsubscribed = subscriptionHandler.unsubscribe(session, this.#client, filters)
      const finish = (reasonCodes: readonly number[]): void =>
        subscriptionHandler.whenDurable(session, () => this.#output.add(() => onUnsuback(reasonCodes)))
      return isPromiseLike(unsubscribed) ? unsubscribed.then(finish) : finish(unsubscribed)
    })
  }

  #subscribe(
    requests: readonly SubscribeRequest[],
    identifier: number | undefined,
    onSuback: (reasonCodes: readonly number[]) => void,
  ): void | Promise<void> {
    const session = this.#session as Session
    const isV5 = this.#request.version === 5
    const subscriptions = isV5
      ? requests
      : requests.map((request) => ({ ...request, noLocal: false, retainHandling: 0 as const }))
    const request = { subscriptions, ...(identifier === undefined || !isV5 ? {} : { identifier }) }
    const { subscriptionHandler } = this.#engine
    const subscribed = subscriptionHandler.subscribe(session, this.#client, request)
    const finish = ({ reasonCodes, replay }: Awaited<typeof subscribed>): void =>
      subscriptionHandler.whenDurable(session, () => {
        this.#output.add(() => onSuback(reasonCodes.map((code) => (isV5 || !isFailure(code) ? code : 0x80))))
        if (!this.#isClosed) replay()
      })
    return isPromiseLike(subscribed) ? subscribed.then(finish) : finish(subscribed)
  }

  /** Runs a SUBSCRIBE or UNSUBSCRIBE after an earlier one whose hooks are pending. */
  #inOrder(request: () => void | Promise<void>): void {
    const runUnlessClosed = (): void | Promise<void> => (this.#isClosed ? undefined : request())
    const running = this.#subscribing === undefined ? request() : this.#subscribing.then(runUnlessClosed)
    if (!isPromiseLike(running)) return
    const settled = running.finally(() => {
      if (this.#subscribing === settled) this.#subscribing = undefined
    })
    this.#subscribing = settled
  }

  /** Calls `listener` when the connection ends; returns the function that removes it. */
  onFailure(listener: (error: AntiphonError) => void): () => void {
    return this.#output.onFailure(listener)
  }

  /** Sends more when the observer has read enough. */
  #deliver(callbacks: () => void): void {
    const wasFull = this.isFull
    callbacks()
    if (wasFull && !this.isFull) this.#session?.outbound.pump()
  }

  #accept(verdict: ConnectVerdict): void {
    if (this.#isClosed) return
    if ('challenge' in verdict)
      return this.#refuse(
        Reason.badAuthenticationMethod,
        'a link without a socket has no enhanced authentication',
      )
    if (!verdict.admit)
      return this.#refuse(verdict.reasonCode, verdict.reasonString ?? 'the broker did not admit the client')
    const engine = this.#engine
    const admitted = toAdmittedClient(engine.settings, this.#attempt, verdict)
    const connectionInfo = toLocalConnectionInfo(engine.settings, admitted.client)
    prepareSession(engine, admitted.client.clientId, this.#request)
    // `toLocalConnectionInfo` and `prepareSession` run user code, which may have closed this link.
    if (this.#isClosed) return
    const { session, sessionPresent } = openSession(engine, this, admitted, this.#request)
    this.#client = admitted.client
    this.#session = session
    if (verdict.expiresAt !== undefined) {
      this.#credentialTimer.start(Math.max(0, verdict.expiresAt - engine.now()), () =>
        this.disconnect(Reason.maximumConnectTime, 'the credential has expired'),
      )
    }
    this.#output.add(() =>
      this.#observer.next({ type: 'online', info: { ...connectionInfo, sessionPresent } }),
    )
    engine.sessions.resume(session)
  }

  readonly #refuseWith = (error: unknown): void => {
    const { reasonCode, text } = toReason(error)
    this.#refuse(reasonCode, text)
  }

  #refuse(reasonCode: number, reason: string): void {
    const { clientId, remoteAddress } = this.#attempt
    countRefusal(this.#engine.counters, reasonCode)
    this.#engine.emit({ type: 'refused', remoteAddress, clientId, reasonCode, reason })
    this.#end({ discardsWill: true }, { by: 'broker', reasonCode, reason })
    this.#output.fail(
      new AntiphonError('connection-refused', `the broker refused '${clientId}': ${reason}`, { reasonCode }),
    )
  }

  #acknowledge(qos: 0 | 1 | 2, packetId: number): void {
    const session = this.#session
    if (qos === 0 || this.#isClosed || session === undefined) return
    if (qos === 1) session.outbound.acknowledged(packetId, Reason.success)
    else session.outbound.received(packetId, Reason.success)
  }

  #end(end: ConnectionEnd, details: DisconnectionDetails): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#credentialTimer.stop()
    this.#engine.connections.delete(this)
    const session = this.#session
    if (session === undefined) return
    reportDisconnection(this.#engine, session, end, { client: this.#client, ...details })
    if (session.peer === this) this.#engine.sessions.detach(session, end)
  }
}
