import { isPromiseLike } from '../authority/hook-result.js'
import { outgoingFault } from '@antiphon/core/link'
import type { OutgoingMessage } from '@antiphon/core'
import { Reason } from '@antiphon/packet'
import type { Authority, PublishRequest, PublishVerdict } from '../authority/authority.js'
import type { Hooks } from '../authority/hooks.js'
import { verdictViolations } from '../authority/verdicts.js'
import type { Publisher } from '../authority/publisher.js'
import { fromOutgoing, toMessage } from '../packet/publication.js'
import type { Publication } from '../packet/publication.js'
import { toAllowedCode, isFailure } from '../packet/reason.js'
import { isReservedTopic } from '../packet/topic-limits.js'
import type { RetainedMessages } from '../retained/retained-messages.js'
import type { SessionJournal } from '../session/session-journal.js'
import type { Router } from './router.js'

/** The reason code for the publisher, synchronous or as a Promise. */
export type Outcome = number | Promise<number>

/** The outcome of a message that is not acknowledged, because its connection was ended. */
export const notAcknowledged = -1

/** The components that a publish pipeline uses. */
export interface PublishPipelineDependencies {
  readonly authority: Authority
  readonly hooks: Pick<Hooks, 'call' | 'callUntimed'>
  readonly router: Router
  readonly retained: RetainedMessages
  readonly journal: SessionJournal | undefined
  readonly now: () => number
  /** Called for every message that was routed, handled by a hook, or refused; `reason` is that of a refusal. */
  readonly decided: (publication: Publication, reasonCode: number, reason?: string) => void
}

/**
 * The steps of publishing a message: call the hooks, store a retained message, route the message to its receivers.
 */
export class PublishPipeline {
  /** The number of messages whose outcome is pending. */
  pendingCount = 0
  readonly #dependencies: PublishPipelineDependencies
  readonly #hasNoHooks: boolean

  constructor(dependencies: PublishPipelineDependencies) {
    this.#dependencies = dependencies
    this.#hasNoHooks =
      dependencies.authority.authorizePublish === undefined && dependencies.authority.onPublish === undefined
  }

  /** Publishes a message of a client; refuses one to a topic below `$SYS` without calling a hook. */
  publish(publication: Publication, publisher: Publisher, isWill = false): Outcome {
    const isReserved = isReservedTopic(publication.topic)
    if (this.#hasNoHooks)
      return isReserved ? this.#refuseReserved(publication) : this.publishWithoutHooks(publication)
    const { client, hookQueue } = publisher
    const request: PublishRequest = {
      client,
      message: toMessage(
        publication,
        { qos: publication.qos, retain: publication.retain, dup: false },
        this.#dependencies.now(),
      ),
      isWill,
    }
    const decision = isReserved ? reservedDecision : this.#decide(publication, request)
    const outcome =
      !isPromiseLike(decision) && hookQueue.length === 0
        ? this.#apply(decision, publication, publisher)
        : this.#inOrder(decision, publication, publisher)
    return isPromiseLike(outcome) ? this.#countPending(outcome) : outcome
  }

  #refuseReserved(publication: Publication): number {
    this.#dependencies.decided(publication, reservedDecision.refuse, reservedDecision.reasonString)
    return reservedDecision.refuse
  }

  async #countPending(outcome: Promise<number>): Promise<number> {
    this.pendingCount++
    try {
      return await outcome
    } finally {
      this.pendingCount--
    }
  }

  /** Publishes a message without calling hooks. Its outcome is pending until what it stored is durable. */
  publishWithoutHooks(publication: Publication): Outcome {
    const { router, retained, journal, decided } = this.#dependencies
    const writesBefore = journal?.writes
    let reasonCode: number
    if (publication.retain && !retained.store(publication)) reasonCode = Reason.quotaExceeded
    else reasonCode = router.route(publication)
    decided(publication, reasonCode)
    if (journal === undefined || publication.qos === 0 || journal.writes === writesBefore) return reasonCode
    return new Promise((resolve) => journal.whenDurable(() => resolve(reasonCode)))
  }

  async #inOrder(
    decision: Decision | Promise<Decision>,
    publication: Publication,
    publisher: Publisher,
  ): Promise<number> {
    try {
      const { outcome } = await publisher.hookQueue.run(decision, (ready) =>
        this.#apply(ready, publication, publisher),
      )
      return await outcome
    } catch {
      return Reason.implementationSpecificError
    }
  }

  /** Calls the hooks. Hooks for several messages of one client may be pending at a time. */
  #decide(publication: Publication, request: PublishRequest): Decision | Promise<Decision> {
    const { authority, hooks } = this.#dependencies
    const { authorizePublish } = authority
    if (authorizePublish === undefined) return this.#rewrite(publication, request)
    const verdict = hooks.call<PublishVerdict>({
      hook: 'authorizePublish',
      clientId: publication.publisherId,
      run: () => authorizePublish(request),
      violation: verdictViolations.authorizePublish,
      failed: failedDecision,
    })
    const next = (result: PublishVerdict): Decision | Promise<Decision> =>
      result === 'allow' ? this.#rewrite(publication, request) : result
    return isPromiseLike(verdict) ? verdict.then(next) : next(verdict)
  }

  #rewrite(publication: Publication, request: PublishRequest): Decision | Promise<Decision> {
    const { authority, hooks, now } = this.#dependencies
    const { onPublish } = authority
    if (onPublish === undefined) return { publication }
    const next = (outgoing: Rewritten): Decision => {
      if (outgoing === undefined) return { discard: true }
      if (outgoing === failedDecision) return failedDecision
      if (outgoing === request.message) return { publication }
      return { publication: fromOutgoing(outgoing as OutgoingMessage, publication.publisherId, now()) }
    }
    const rewritten = hooks.call<Rewritten>({
      hook: 'onPublish',
      clientId: publication.publisherId,
      run: () => onPublish(request),
      violation: (outgoing) =>
        outgoing === undefined || outgoing === request.message
          ? undefined
          : outgoingFault(outgoing as OutgoingMessage)?.rawMessage,
      failed: failedDecision,
    })
    return isPromiseLike(rewritten) ? rewritten.then(next) : next(rewritten)
  }

  /** Applies a decision; called in the order of the messages. */
  #apply(decision: Decision, publication: Publication, publisher: Publisher): Outcome {
    if ('publication' in decision) return this.publishWithoutHooks(decision.publication)
    if ('take' in decision) {
      const outcome = this.#dependencies.hooks.callUntimed<number>({
        hook: 'authorizePublish',
        clientId: publication.publisherId,
        run: () => decision.take,
        violation: verdictViolations.taken,
        failed: Reason.implementationSpecificError,
      })
      const finish = (code: number): number => {
        const reasonCode = toAcknowledgement(code)
        this.#dependencies.decided(publication, reasonCode)
        return reasonCode
      }
      return isPromiseLike(outcome) ? outcome.then(finish) : finish(outcome)
    }
    if ('discard' in decision) return Reason.success
    const reasonCode = 'refuse' in decision ? decision.refuse : decision.close
    this.#dependencies.decided(publication, reasonCode, decision.reasonString)
    if ('refuse' in decision)
      return isFailure(reasonCode) ? toAcknowledgement(reasonCode) : Reason.notAuthorized
    publisher.disconnect(reasonCode, decision.reasonString ?? 'the message was not authorized')
    return notAcknowledged
  }
}

/** Returns a reason code that PUBACK and PUBREC may have for the one that a hook returned [MQTT-3.4.2-1]. */
function toAcknowledgement(code: number): number {
  if (isFailure(code)) return toAllowedCode('acknowledgement', code)
  return code === Reason.noMatchingSubscribers ? code : Reason.success
}

/** A result of `onPublish`, or that it failed. */
type Rewritten = OutgoingMessage | undefined | typeof failedDecision

/** The decision of the hooks on a message. */
type Decision =
  Exclude<PublishVerdict, 'allow'> | { readonly publication: Publication } | { readonly discard: true }

/** The decision on a message to a topic that only the broker publishes to. */
const reservedDecision = {
  refuse: Reason.topicNameInvalid,
  reasonString: 'only the broker publishes to topics below $SYS',
}

const failedDecision = { refuse: Reason.implementationSpecificError, reasonString: 'the hook failed' }
