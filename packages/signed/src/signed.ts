import type { Delivery, Link, LinkMiddleware, Message } from '@antiphon/core'
import { invalidArgument, linkMiddleware, requireArgument } from '@antiphon/core/link'
import { isMatch } from '@antiphon/core/topic'
import { concatMap, defer, from, mergeMap, of, throwError, type Observable } from 'rxjs'
import { exchangeOf, isControl, kindOf } from './content.js'
import { ExchangeMemory } from './exchange-memory.js'
import { KeySet } from './keys.js'
import { MessageSigner } from './message-signer.js'
import { MessageVerifier, type Verified } from './message-verifier.js'
import { NonceMemory } from './nonce-memory.js'
import { signedOptionRules, type SignedOptions } from './options.js'
import { RejectionError, type RejectionReason } from './rejection.js'
import { withVerification } from './verification.js'

/** The most bytes of a signature, that of an RSA key of 4 096 bits with an id of 100 characters. */
const SIGNATURE_BYTES = 1_200

/**
 * Signs each message that a link publishes, and drops those that it receives without a valid signature.
 *
 * A signature holds for one message, with its topic, payload and properties, and for `maxAge`. It is accepted once. A response holds for its request
 * alone, if the endpoint has the correlation `correlationData`. Apply it before other middleware, so that what they add is signed.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), signed({ key: privateKey, keys: () => readKeys() }))
 * requests$(link, unlock, { authenticate: authenticateSigner })
 * ```
 */
export function signed(options: SignedOptions): LinkMiddleware {
  requireArgument('options', options, signedOptionRules)
  for (const name of ['key', 'keys'] as const)
    if ((options[name] as unknown) === undefined) throw invalidArgument(`options.${name} is missing`)
  return (link) => signedLink(link, options)
}

function signedLink(link: Link, options: SignedOptions): Link {
  const { maxAge = 60_000, clockTolerance = 5_000, memory = 100_000, except = [] } = options
  const now = (): number => link.scheduler.now()
  const sent = new ExchangeMemory(now)
  const received = new ExchangeMemory(now)
  const signer = new MessageSigner(options.key, sent, received, now)
  const verifier = new MessageVerifier({
    keys: new KeySet(options.keys, options.key, now),
    principal: options.principal ?? ((keyId) => keyId),
    maxAge,
    clockTolerance,
    nonces: new NonceMemory(memory, maxAge + 2 * clockTolerance),
    sent,
    received,
    now,
  })
  /** The subscribers of one subscription share the verification of a message. */
  const verifications = new WeakMap<Message, Promise<Verified>>()
  const isExcepted = (topic: string): boolean => except.some((filter) => isMatch(filter, topic))

  const verify = (message: Message, filter: string): Promise<Verified> => {
    const existing = verifications.get(message)
    if (existing !== undefined) return existing
    const verification = verifier.verify(message, filter)
    verifications.set(message, verification)
    return verification
  }

  const reject = (delivery: Delivery, reason: RejectionReason): readonly Delivery[] => {
    const { message } = delivery
    try {
      options.onRejected?.({ reason, message })
    } catch (error) {
      // Reported as RxJS reports unhandled errors.
      throwError(() => error).subscribe()
    }
    const isRequest = kindOf(message) === 'request' && !isControl(message)
    // Otherwise the response to it would be taken for that to the request which it imitates.
    const isNew = received.find(exchangeOf(message) ?? '') === undefined
    if (options.unverifiedRequests === 'pass' && isRequest && isNew)
      return [{ ...delivery, message: withVerification(message, { reason }) }]
    delivery.acknowledge()
    return []
  }

  const examine = async (delivery: Delivery, filter: string): Promise<readonly Delivery[]> => {
    const { message } = delivery
    try {
      const { signer, nonce } = await verify(message, filter)
      const acknowledge = (): void => {
        if (nonce !== undefined) nonce.isAcknowledged = true
        delivery.acknowledge()
      }
      return [{ ...delivery, message: withVerification(message, { signer }), acknowledge }]
    } catch (error) {
      // The application's `principal` may throw; the key then has no owner.
      return reject(delivery, error instanceof RejectionError ? error.reason : 'unknown-key')
    }
  }

  return linkMiddleware({
    publish$: (message, next) =>
      isExcepted(message.topic)
        ? next(message)
        : defer(() => from(signer.sign(message)).pipe(mergeMap(next))),
    addedBytes: () => SIGNATURE_BYTES,
    deliveries$: (deliveries$, filter) =>
      deliveries$.pipe(
        concatMap((delivery): Observable<Delivery> => {
          if (isExcepted(delivery.message.topic)) return of(delivery)
          return from(examine(delivery, filter)).pipe(mergeMap((examined) => examined))
        }),
      ),
  })(link)
}
