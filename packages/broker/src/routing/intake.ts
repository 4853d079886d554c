import { settle, isPromiseLike } from '../authority/answer.js'
import { outgoingFault } from '@antiphon/core/link'
import type { OutgoingMessage } from '@antiphon/core'
import type { Answer, Authority, PublishRequest, PublishVerdict } from '../authority/authority.js'
import type { Publisher } from '../authority/publisher.js'
import { fromOutgoing, toMessage } from '../packet/publication.js'
import type { Publication } from '../packet/publication.js'
import { Reason, inWordsOf, isFailure } from '../packet/reason.js'
import type { Retained } from '../retained/retained.js'
import type { Journal } from '../storage/journal.js'
import type { Router } from './router.js'

/** A reason code for the publisher, now or later. */
export type Outcome = number | Promise<number>

/** The outcome of a message that is never answered, for its connection was ended. */
export const unanswered = -1

/** What the intake needs. */
export interface IntakeParts {
  readonly authority: Authority
  readonly router: Router
  readonly retained: Retained
  readonly journal: Journal | undefined
  readonly now: () => number
  /** Hears of every outcome that was decided. */
  readonly decided: (publication: Publication, reasonCode: number) => void
}

/** The way every message goes into the broker: past the hooks, into the retained store, to its receivers. */
export class Intake {
  /** How many messages have come in whose outcome is not known yet. */
  undecided = 0
  readonly #parts: IntakeParts
  readonly #isOpen: boolean

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#isOpen = parts.authority.authorizePublish === undefined && parts.authority.onPublish === undefined
  }

  /** Takes a message from a client. */
  take(publication: Publication, publisher: Publisher, isWill = false): Outcome {
    if (this.#isOpen) return this.accept(publication)
    const { client, lane } = publisher
    const request: PublishRequest = {
      client,
      message: toMessage(
        publication,
        { qos: publication.qos, retain: publication.retain, dup: false },
        this.#parts.now(),
      ),
      isWill,
    }
    const judged = this.#judge(publication, request)
    const outcome =
      !isPromiseLike(judged) && lane.length === 0
        ? this.#carryOut(judged, publication, publisher)
        : this.#inOrder(judged, publication, publisher)
    return isPromiseLike(outcome) ? this.#counted(outcome) : outcome
  }

  async #counted(outcome: Promise<number>): Promise<number> {
    this.undecided++
    try {
      return await outcome
    } finally {
      this.undecided--
    }
  }

  /** Takes a message that no hook has to see, and tells its outcome once that is safe to tell. */
  accept(publication: Publication): Outcome {
    const { router, retained, journal, decided } = this.#parts
    const writesBefore = journal?.writes
    let reasonCode: number
    if (publication.retain && !retained.store(publication)) reasonCode = Reason.quotaExceeded
    else reasonCode = router.route(publication)
    decided(publication, reasonCode)
    if (journal === undefined || publication.qos === 0 || journal.writes === writesBefore) return reasonCode
    return new Promise((resolve) => journal.whenDurable(() => resolve(reasonCode)))
  }

  async #inOrder(
    judged: Judged | Promise<Judged>,
    publication: Publication,
    publisher: Publisher,
  ): Promise<number> {
    try {
      const { outcome } = await publisher.lane.run(judged, (ready) =>
        this.#carryOut(ready, publication, publisher),
      )
      return await outcome
    } catch {
      return Reason.implementationSpecificError
    }
  }

  /** Asks the hooks; several messages of one client may be asked about at a time. */
  #judge(publication: Publication, request: PublishRequest): Judged | Promise<Judged> {
    const { authorizePublish } = this.#parts.authority
    if (authorizePublish === undefined) return this.#rewrite(publication, request)
    const verdict = guarded<PublishVerdict>(() => authorizePublish(request), failed)
    const next = (given: PublishVerdict): Judged | Promise<Judged> =>
      given === 'allow' ? this.#rewrite(publication, request) : given
    return isPromiseLike(verdict) ? verdict.then(next) : next(verdict)
  }

  #rewrite(publication: Publication, request: PublishRequest): Judged | Promise<Judged> {
    const { onPublish } = this.#parts.authority
    if (onPublish === undefined) return { publication }
    const next = (outgoing: OutgoingMessage | undefined | typeof failed): Judged => {
      if (outgoing === undefined) return { swallow: true }
      if (outgoing === failed) return failed
      if (outgoing === request.message) return { publication }
      const message = outgoing as OutgoingMessage
      if (outgoingFault(message) !== undefined) return failed
      return { publication: fromOutgoing(message, publication.publisher, this.#parts.now()) }
    }
    const rewritten = guarded<OutgoingMessage | undefined | typeof failed>(() => onPublish(request), failed)
    return isPromiseLike(rewritten) ? rewritten.then(next) : next(rewritten)
  }

  /** Does what was judged, in the order of the messages. */
  #carryOut(judged: Judged, publication: Publication, publisher: Publisher): Outcome {
    if ('publication' in judged) return this.accept(judged.publication)
    if ('take' in judged) {
      const outcome = guarded<number>(() => judged.take, Reason.implementationSpecificError)
      return isPromiseLike(outcome) ? outcome.then(toAcknowledgement) : toAcknowledgement(outcome)
    }
    if ('swallow' in judged) return Reason.success
    const reasonCode = 'refuse' in judged ? judged.refuse : judged.close
    this.#parts.decided(publication, reasonCode)
    if ('refuse' in judged)
      return isFailure(reasonCode) ? toAcknowledgement(reasonCode) : Reason.notAuthorized
    publisher.disconnect(reasonCode, judged.reasonString ?? 'the message may not be published')
    return unanswered
  }
}

/** A hook's reason code as an acknowledgement can say it [MQTT-3.4.2-1]. */
function toAcknowledgement(code: number): number {
  if (isFailure(code)) return inWordsOf('acknowledgement', code)
  return code === Reason.noMatchingSubscribers ? code : Reason.success
}

/** What the hooks made of a message. */
type Judged =
  Exclude<PublishVerdict, 'allow'> | { readonly publication: Publication } | { readonly swallow: true }

const failed = { refuse: Reason.implementationSpecificError }

/** What a hook says, or `instead` when it throws or its stream ends without a word. */
function guarded<T>(hook: () => Answer<T>, instead: T): T | Promise<T> {
  try {
    const answer = settle(hook())
    return isPromiseLike(answer) ? answer.then(undefined, () => instead) : answer
  } catch {
    return instead
  }
}
