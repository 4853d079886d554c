import { isSharedFilter, validateTopicFilter } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import { settle, isPromiseLike } from '../authority/hook-result.js'
import type { ClientInfo, SubscribeVerdict } from '../authority/authority.js'
import type { BrokerEvent } from '../events.js'
import type { Settings } from '../options.js'
import { Reason, inWordsOf, isFailure } from '../packet/reason.js'
import type { SubscribeLine } from '../packet/subscribe.js'
import { topicExcess } from '../packet/topic-limits.js'
import type { Session } from '../session/session.js'
import type { Journal } from '../storage/journal.js'
import type { Router } from './router.js'

/** What subscribing needs. */
export interface SubscriberParts {
  readonly settings: Settings
  readonly router: Router
  readonly journal: Journal | undefined
  readonly emit: (event: BrokerEvent) => void
}

/** A SUBSCRIBE that was decided: one reason code for each filter [MQTT-3.8.4-6], and what is to follow the SUBACK. */
export interface Subscribed {
  readonly reasonCodes: readonly number[]
  /** Sends the retained messages the new subscriptions ask for. */
  readonly replay: () => void
}

/** Decides on filters and carries out what was decided. */
export class SubscriptionHandler {
  readonly #parts: SubscriberParts

  constructor(parts: SubscriberParts) {
    this.#parts = parts
  }

  /** Subscribes a session to filters, each on its own merits; later when a hook takes its time. */
  subscribe(
    session: Session,
    client: ClientInfo,
    request: { readonly lines: readonly SubscribeLine[]; readonly identifier?: number },
  ): Subscribed | Promise<Subscribed> {
    const { lines, identifier } = request
    const { filtersPerSubscribe } = this.#parts.settings.limits
    const verdicts = lines.map((line, index) =>
      index < filtersPerSubscribe ? this.#ask(session, client, line) : { refuse: Reason.quotaExceeded },
    )
    if (!verdicts.some(isPromiseLike)) {
      return this.#carryOut(session, lines, identifier, verdicts as SubscribeVerdict[])
    }
    const given = verdicts.map((verdict) => Promise.resolve(verdict))
    return Promise.all(given).then((all) => this.#carryOut(session, lines, identifier, all))
  }

  /** Unsubscribes a session from filters; one reason code for each. */
  unsubscribe(session: Session, filters: readonly string[]): number[] {
    const { router, journal, emit } = this.#parts
    const reasonCodes = filters.map((filter) => {
      if (validateTopicFilter(filter) !== undefined) return Reason.topicFilterInvalid
      if (!router.unsubscribe(session, filter)) return Reason.noSubscriptionExisted // [MQTT-3.10.4-5]
      emit({ type: 'unsubscribed', clientId: session.clientId, filter })
      return Reason.success
    })
    journal?.session(session)
    return reasonCodes
  }

  #ask(
    session: Session,
    client: ClientInfo,
    line: SubscribeLine,
  ): SubscribeVerdict | Promise<SubscribeVerdict> {
    const refusal = this.#fault(session, line)
    if (refusal !== undefined) return { refuse: refusal }
    const { authorizeSubscribe } = this.#parts.settings.authority
    if (authorizeSubscribe === undefined) return 'allow'
    const subscriptions = session.subscriptionMap
    const failed: SubscribeVerdict = { refuse: Reason.implementationSpecificError }
    try {
      const verdict = settle(
        authorizeSubscribe({
          ...line,
          client,
          subscriptionCount: subscriptions.size,
          isReplacement: subscriptions.has(line.filter),
        }),
      )
      return isPromiseLike(verdict) ? verdict.catch(() => failed) : verdict
    } catch {
      return failed
    }
  }

  /** The rule that a filter breaks, as its reason code. */
  #fault(session: Session, { filter }: SubscribeLine): number | undefined {
    const { limits, sharedSubscriptions, wildcardSubscriptions } = this.#parts.settings
    if (validateTopicFilter(filter) !== undefined) return Reason.topicFilterInvalid
    if (topicExcess(filter, limits) !== undefined) return Reason.topicFilterInvalid
    if (!sharedSubscriptions && isSharedFilter(filter)) return Reason.sharedSubscriptionsNotSupported
    if (!wildcardSubscriptions && /[+#]/.test(filter)) return Reason.wildcardSubscriptionsNotSupported
    const { subscriptionMap } = session
    if (subscriptionMap.size >= limits.subscriptionsPerClient && !subscriptionMap.has(filter))
      return Reason.quotaExceeded
    return undefined
  }

  #carryOut(
    session: Session,
    lines: readonly SubscribeLine[],
    identifier: number | undefined,
    verdicts: readonly SubscribeVerdict[],
  ): Subscribed {
    const { router, journal, emit, settings } = this.#parts
    // Ended while the hooks decided, or by one of them: a subscription would stay behind for ever.
    if (session.isEnded) return { reasonCodes: lines.map(() => Reason.unspecifiedError), replay: () => {} }
    const replays: (() => void)[] = []
    const carryOut = (line: SubscribeLine, reasonCode: number): number => {
      if (isFailure(reasonCode)) return reasonCode
      const isNew = !session.subscriptionMap.has(line.filter)
      if (isNew && session.subscriptionMap.size >= settings.limits.subscriptionsPerClient)
        return Reason.quotaExceeded
      const subscription = router.subscribe(session, line, reasonCode as QoS, identifier)
      if (isNew && subscription.group !== null) router.collect(subscription.group)
      // Retained messages: never for a shared subscription; 0 always, 1 when it is new, 2 never [MQTT-3.3.1-9/10/11].
      const isWanted = line.retainHandling === 0 || (line.retainHandling === 1 && isNew)
      if (isWanted && !isSharedFilter(line.filter)) {
        const { filter, qos: maximumQoS, identifiers } = subscription
        replays.push(() => session.downlink.replay({ filter, maximumQoS, identifiers }))
      }
      return reasonCode
    }
    const reasonCodes = lines.map((line, index) => {
      const reasonCode = carryOut(line, info(line, verdicts[index], settings.maximumQoS))
      emit({ type: 'subscribed', clientId: session.clientId, filter: line.filter, reasonCode })
      return reasonCode
    })
    journal?.session(session)
    return { reasonCodes, replay: () => replays.forEach((replay) => replay()) }
  }
}

/** The reason code of a verdict: the QoS granted, or the refusal. */
function info(line: SubscribeLine, verdict: SubscribeVerdict | undefined, maximumQoS: QoS): number {
  // A hook that says nothing allows nothing.
  if (verdict === undefined) return Reason.implementationSpecificError
  if (verdict === 'allow') return Math.min(line.qos, maximumQoS)
  if ('maximumQoS' in verdict) return Math.min(line.qos, maximumQoS, verdict.maximumQoS)
  return isFailure(verdict.refuse) ? inWordsOf('suback', verdict.refuse) : Reason.notAuthorized
}
