import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import { Reason, type RequestedSubscription, type SubscribePacket } from '@antiphon/packet'
import type { ClientInfo, SubscribeVerdict, UnsubscribeVerdict } from '../authority/authority.js'
import { isPromiseLike } from '../authority/hook-result.js'
import type { Hooks } from '../authority/hooks.js'
import { verdictViolations } from '../authority/verdicts.js'
import type { BrokerEvent } from '../events.js'
import type { Settings } from '../options.js'
import { toAllowedCode, isFailure } from '../packet/reason.js'
import { topicLimitFault } from '../packet/topic-limits.js'
import { subscriptionBytes } from '../session/session-memory.js'
import type { Session } from '../session/session.js'
import type { SessionJournal } from '../session/session-journal.js'
import type { Router } from './router.js'

/** The components that a subscription handler uses. */
export interface SubscriptionHandlerDependencies {
  readonly settings: Settings
  readonly hooks: Pick<Hooks, 'call'>
  readonly router: Router
  readonly journal: SessionJournal | undefined
  readonly emit: (event: BrokerEvent) => void
  /** Whether a new subscription of `bytes` fits into `limits.totalBytes`. */
  readonly hasRoom: (bytes: number) => boolean
}

/** The outcome of a SUBSCRIBE: one reason code for each Topic Filter [MQTT-3.8.4-6], and what to do after SUBACK. */
export interface SubscribeOutcome {
  readonly reasonCodes: readonly number[]
  /** Sends the retained messages that the new subscriptions request. */
  readonly replay: () => void
}

/** The handler of SUBSCRIBE and UNSUBSCRIBE, subject to the hooks and limits. */
export class SubscriptionHandler {
  readonly #dependencies: SubscriptionHandlerDependencies

  constructor(dependencies: SubscriptionHandlerDependencies) {
    this.#dependencies = dependencies
  }

  /**
   * Subscribes a session to Topic Filters, each of which may be refused; returns a Promise if a hook is asynchronous.
   * If the connection has ended when the hook answers, the session is not subscribed.
   */
  subscribe(
    session: Session,
    client: ClientInfo,
    request: Omit<SubscribePacket, 'packetId'>,
  ): SubscribeOutcome | Promise<SubscribeOutcome> {
    const { subscriptions, identifier } = request
    const { filtersPerSubscribe } = this.#dependencies.settings.limits
    const verdicts = subscriptions.map((requested, index) =>
      index < filtersPerSubscribe
        ? this.#authorize(session, client, requested)
        : {
            refuse: Reason.quotaExceeded,
            reasonString: `the SUBSCRIBE has ${subscriptions.length} filters; limits.filtersPerSubscribe is ${filtersPerSubscribe}`,
          },
    )
    if (!verdicts.some(isPromiseLike)) {
      return this.#apply(session, subscriptions, identifier, verdicts as SubscribeVerdict[])
    }
    const { peer } = session
    const pending = verdicts.map((verdict) => Promise.resolve(verdict))
    return Promise.all(pending).then((results) =>
      // The verdicts are about the client of this connection: its session may belong to another client by now.
      session.peer === peer
        ? this.#apply(session, subscriptions, identifier, results)
        : refusal(subscriptions),
    )
  }

  /**
   * Calls back when the subscriptions of a session are durable: its SUBACK or UNSUBACK must not be sent before.
   * Callbacks keep their order.
   */
  whenDurable({ storageId }: Session, callback: () => void): void {
    const { journal } = this.#dependencies
    if (journal === undefined || storageId === 0) callback()
    else journal.whenDurable(callback)
  }

  /**
   * Unsubscribes a session from Topic Filters; returns one reason code for each, or a Promise of them if a hook is
   * asynchronous.
   */
  unsubscribe(
    session: Session,
    client: ClientInfo,
    filters: readonly string[],
  ): number[] | Promise<number[]> {
    const { authorizeUnsubscribe } = this.#dependencies.settings.authority
    if (authorizeUnsubscribe === undefined) return this.#unsubscribe(session, filters, undefined)
    const verdicts = filters.map((filter) =>
      this.#dependencies.hooks.call<UnsubscribeVerdict>({
        hook: 'authorizeUnsubscribe',
        clientId: client.clientId,
        run: () =>
          authorizeUnsubscribe({ client, filter, isSubscribed: session.subscriptionMap.has(filter) }),
        violation: verdictViolations.authorizeUnsubscribe,
        failed: { refuse: Reason.implementationSpecificError },
      }),
    )
    const reasonsOf = (results: readonly UnsubscribeVerdict[]): number[] =>
      // Over MQTT 3.1.1, UNSUBACK cannot say that a subscription remains.
      this.#unsubscribe(session, filters, client.protocolVersion === 4 ? undefined : results)
    if (!verdicts.some(isPromiseLike)) return reasonsOf(verdicts as UnsubscribeVerdict[])
    const { peer } = session
    const pending = verdicts.map((verdict) => Promise.resolve(verdict))
    // The client sends UNSUBSCRIBE again if its connection has ended.
    return Promise.all(pending).then((results) => (session.peer === peer ? reasonsOf(results) : []))
  }

  #unsubscribe(
    session: Session,
    filters: readonly string[],
    verdicts: readonly UnsubscribeVerdict[] | undefined,
  ): number[] {
    const { router, journal, emit } = this.#dependencies
    let hasChanged = false
    const reasonCodes = filters.map((filter, index) => {
      if (validateTopicFilter(filter) !== undefined) return Reason.topicFilterInvalid
      const verdict = verdicts?.[index] ?? 'allow'
      if (verdict !== 'allow')
        return isFailure(verdict.refuse) ? toAllowedCode('unsuback', verdict.refuse) : Reason.notAuthorized
      if (!router.unsubscribe(session, filter)) return Reason.noSubscriptionExisted // [MQTT-3.10.4-5]
      hasChanged = true
      emit({ type: 'unsubscribed', clientId: session.clientId, filter })
      return Reason.success
    })
    if (hasChanged) journal?.session(session)
    return reasonCodes
  }

  #authorize(
    session: Session,
    client: ClientInfo,
    requested: RequestedSubscription,
  ): SubscribeVerdict | Promise<SubscribeVerdict> {
    const refusal = this.#fault(session, requested)
    if (refusal !== undefined) return refusal
    const { authorizeSubscribe } = this.#dependencies.settings.authority
    if (authorizeSubscribe === undefined) return 'allow'
    const subscriptions = session.subscriptionMap
    return this.#dependencies.hooks.call<SubscribeVerdict>({
      hook: 'authorizeSubscribe',
      clientId: client.clientId,
      run: () =>
        authorizeSubscribe({
          ...requested,
          client,
          subscriptionCount: subscriptions.size,
          isReplacement: subscriptions.has(requested.filter),
        }),
      violation: verdictViolations.authorizeSubscribe,
      failed: {
        refuse: Reason.implementationSpecificError,
        reasonString: 'the hook authorizeSubscribe failed',
      },
    })
  }

  /** Returns the refusal of a Topic Filter that the broker refuses without calling the hook. */
  #fault(session: Session, { filter }: RequestedSubscription): SubscribeRefusal | undefined {
    const { settings } = this.#dependencies
    const { limits, sharedSubscriptions, wildcardSubscriptions } = settings
    const fault = validateTopicFilter(filter)
    if (fault !== undefined)
      return { refuse: Reason.topicFilterInvalid, reasonString: `the filter is invalid: ${fault}` }
    const excess = topicLimitFault(filter, limits)
    if (excess !== undefined) return { refuse: Reason.topicFilterInvalid, reasonString: excess }
    if (!sharedSubscriptions && isSharedFilter(filter))
      return { refuse: Reason.sharedSubscriptionsNotSupported }
    if (!wildcardSubscriptions && /[+#]/.test(filter))
      return { refuse: Reason.wildcardSubscriptionsNotSupported }
    const { subscriptionMap } = session
    return subscriptionMap.size >= limits.subscriptionsPerClient && !subscriptionMap.has(filter)
      ? quotaRefusal(settings)
      : undefined
  }

  #apply(
    session: Session,
    subscriptions: readonly RequestedSubscription[],
    identifier: number | undefined,
    verdicts: readonly SubscribeVerdict[],
  ): SubscribeOutcome {
    const { router, journal, emit, settings, hasRoom } = this.#dependencies
    // The session has ended while a hook was pending, or in a hook; its subscriptions would never be removed.
    if (session.isEnded) return refusal(subscriptions)
    const replays: (() => void)[] = []
    const subscribe = (requested: RequestedSubscription, reasonCode: number): number => {
      if (isFailure(reasonCode)) return reasonCode
      const isNew = !session.subscriptionMap.has(requested.filter)
      if (isNew && session.subscriptionMap.size >= settings.limits.subscriptionsPerClient)
        return Reason.quotaExceeded
      if (isNew && !hasRoom(subscriptionBytes(requested.filter))) return Reason.quotaExceeded
      const subscription = router.subscribe(session, requested, reasonCode as QoS, identifier)
      if (isNew && subscription.group !== null) router.collectFromOffline(subscription.group)
      // Retain Handling 0: always; 1: for a new subscription; 2: never [MQTT-3.3.1-9/10/11]. Never for a shared
      // subscription.
      const sendsRetained = requested.retainHandling === 0 || (requested.retainHandling === 1 && isNew)
      if (sendsRetained && !isSharedFilter(requested.filter)) {
        const { filter, qos: maximumQoS, identifiers } = subscription
        replays.push(() => session.outbound.replay({ filter, maximumQoS, identifiers }))
      }
      return reasonCode
    }
    const reasonCodes = subscriptions.map((requested, index) => {
      const verdict = verdicts[index] as SubscribeVerdict
      const reasonCode = subscribe(requested, toReasonCode(requested, verdict, settings.maximumQoS))
      const reason = isRefusal(verdict) ? verdict.reasonString : undefined
      emit({
        type: 'subscribed',
        clientId: session.clientId,
        filter: requested.filter,
        reasonCode,
        ...(reason === undefined ? {} : { reason }),
      })
      return reasonCode
    })
    journal?.session(session)
    return { reasonCodes, replay: () => replays.forEach((replay) => replay()) }
  }
}

type SubscribeRefusal = Extract<SubscribeVerdict, { readonly refuse: number }>

function isRefusal(verdict: SubscribeVerdict | undefined): verdict is SubscribeRefusal {
  return typeof verdict === 'object' && 'refuse' in verdict
}

function quotaRefusal({ limits }: Settings): SubscribeRefusal {
  const reasonString = `limits.subscriptionsPerClient is ${limits.subscriptionsPerClient}`
  return { refuse: Reason.quotaExceeded, reasonString }
}

/** Returns the outcome of a SUBSCRIBE whose client has gone: it receives no SUBACK. */
function refusal(subscriptions: readonly RequestedSubscription[]): SubscribeOutcome {
  return { reasonCodes: subscriptions.map(() => Reason.unspecifiedError), replay: () => undefined }
}

/** Returns the reason code of a verdict: the granted QoS, or why it was refused. */
function toReasonCode(requested: RequestedSubscription, verdict: SubscribeVerdict, maximumQoS: QoS): number {
  if (verdict === 'allow') return Math.min(requested.qos, maximumQoS)
  if ('maximumQoS' in verdict) return Math.min(requested.qos, maximumQoS, verdict.maximumQoS)
  return isFailure(verdict.refuse) ? toAllowedCode('suback', verdict.refuse) : Reason.notAuthorized
}
