import { AntiphonError, type OutgoingMessage } from '@antiphon/core'
import { base64url, CompactSign } from 'jose'
import type { Claims } from './claims.js'
import { digestOf, exchangeOf, isControl, kindOf, referenceOf, SIGNATURE, typeOf } from './content.js'
import type { ExchangeMemory } from './exchange-memory.js'
import { KeyImporter, type KeySource, type SigningKey } from './keys.js'

/** Signs the messages that a link publishes, in the order in which they are published. */
export class MessageSigner {
  readonly #key: KeySource<SigningKey>
  readonly #importer = new KeyImporter()
  readonly #sent: ExchangeMemory
  readonly #received: ExchangeMemory
  readonly #now: () => number
  #previous: Promise<unknown> = Promise.resolve()

  /** `sent` gets the requests that are signed; `received` has those to which responses are signed. */
  constructor(key: KeySource<SigningKey>, sent: ExchangeMemory, received: ExchangeMemory, now: () => number) {
    this.#key = key
    this.#sent = sent
    this.#received = received
    this.#now = now
  }

  /** Returns a message with its signature, after all messages before. Rejects with `encode` if it cannot be signed. */
  sign(message: OutgoingMessage): Promise<OutgoingMessage> {
    // Now, as another request with the same Correlation Data may arrive while the key is read.
    const reference = this.#referenceFor(message)
    const signing = this.#sign(message, reference).catch((error: unknown) => {
      throw new AntiphonError('encode', `cannot sign the message to ${message.topic}: ${String(error)}`, {
        cause: error,
        topic: message.topic,
      })
    })
    const inTurn = this.#previous.then(() => signing)
    this.#previous = inTurn.catch(() => undefined)
    return inTurn
  }

  /** Returns what a response refers to. */
  #referenceFor(message: OutgoingMessage): string | undefined {
    return kindOf(message) === 'response' ? this.#received.find(exchangeOf(message) ?? '')?.latest : undefined
  }

  async #sign(message: OutgoingMessage, reference: string | undefined): Promise<OutgoingMessage> {
    const key = typeof this.#key === 'function' ? await this.#key() : this.#key
    const exchange = exchangeOf(message) ?? ''
    if (kindOf(message) === 'request') {
      if (!isControl(message)) this.#sent.add(exchange, undefined, await referenceOf(message, key.kid))
      // A control message prolongs the memory of its request.
      else this.#sent.find(exchange)
    }
    const claims: Claims = {
      iat: this.#now() / 1_000,
      jti: base64url.encode(crypto.getRandomValues(new Uint8Array(12))),
      dig: await digestOf(message),
      ...(reference !== undefined && { req: reference }),
    }
    const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: typeOf(message) })
      .sign(await this.#importer.import(key))
    return { ...message, userProperties: [...(message.userProperties ?? []), [SIGNATURE, jws]] }
  }
}
