import { createBroker, type Broker, type BrokerOptions } from '@antiphon/broker'
import {
  endpoint,
  request,
  requests$,
  serve,
  text,
  type Handler,
  type Link,
  type Message,
  type OutgoingMessage,
  type RequestsOptions,
  type ServeRecord,
} from '@antiphon/core'
import {
  authenticateSigner,
  signed,
  type Rejection,
  type SignedOptions,
  type SigningKey,
} from '@antiphon/signed'
import { exportJWK, generateKeyPair, generateSecret } from 'jose'
import { firstValueFrom, Subject, VirtualTimeScheduler } from 'rxjs'
import { expect } from 'vitest'

export const echo = endpoint({ topic: 'echo', request: text, response: text })
export type Echo = NonNullable<(typeof echo)['types']>

/** Generates a key pair, or a secret for an algorithm that begins with HS. */
export async function newKey(
  kid: string,
  alg = 'EdDSA',
): Promise<{ readonly key: SigningKey; readonly publicKey: SigningKey }> {
  if (alg.startsWith('HS')) {
    const key = { ...(await exportJWK(await generateSecret(alg, { extractable: true }))), kid, alg }
    return { key, publicKey: key }
  }
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return {
    key: { ...(await exportJWK(privateKey)), kid, alg },
    publicKey: { ...(await exportJWK(publicKey)), kid, alg },
  }
}

/** A broker with a signed responder and a signed requester, and what attackers see and do. */
export interface SignedWorld {
  readonly broker: Broker
  readonly requester: Link
  readonly keys: { keys: SigningKey[] }
  readonly alice: SigningKey
  readonly records: readonly ServeRecord[]
  readonly rejections: readonly Rejection[]
  /** What the requester has rejected. */
  readonly requesterRejections: readonly Rejection[]
  /** Everything that was published, as an eavesdropper sees it. */
  readonly seen: readonly Message[]
  /** Resolves with the next message to a topic. */
  readonly next: (topic: string) => Promise<Message>
  /** Publishes a message as it is, without a signature of its own. */
  readonly forge: (message: OutgoingMessage) => Promise<unknown>
  /** Waits until something is true; the broker is in the same process. */
  readonly until: (isTrue: () => boolean) => Promise<void>
  /** Sends a request that the responder rejects, and expects it to time out after that. */
  readonly expectTimeout: (link: Link, value: string) => Promise<void>
  readonly link: (options: Partial<SignedOptions> & Pick<SignedOptions, 'key'>) => Link
  readonly close: () => Promise<void>
}

/** How a world is set up. */
export interface SignedWorldOptions {
  readonly handler?: Handler<Echo>
  readonly requests?: RequestsOptions<Echo>
  readonly responder?: Partial<SignedOptions>
  readonly requester?: Partial<SignedOptions>
  readonly alg?: string
  readonly broker?: BrokerOptions
}

/** Creates a world with the signers `alice`, the requester, and `server`. */
export async function signedWorld(options: SignedWorldOptions = {}): Promise<SignedWorld> {
  const broker = createBroker(options.broker)
  const [alice, server] = await Promise.all([newKey('alice', options.alg), newKey('server', options.alg)])
  const keys = { keys: [alice.publicKey, server.publicKey] }
  const rejections: Rejection[] = []
  const requesterRejections: Rejection[] = []
  const attacker = broker.link()
  const seen: Message[] = []
  const seen$ = new Subject<Message>()
  attacker.messages$('#').subscribe((message) => {
    seen.push(message)
    seen$.next(message)
  })
  const link: SignedWorld['link'] = (more) => signed({ keys: keys, ...more })(broker.link())
  const responder = link({
    key: server.key,
    onRejected: (rejection) => rejections.push(rejection),
    ...options.responder,
  })
  const records: ServeRecord[] = []
  const subscribed = new Subject<void>()
  const isSubscribed = firstValueFrom(subscribed)
  requests$(responder, echo, {
    authenticate: authenticateSigner,
    onSubscribed: () => subscribed.next(),
    ...options.requests,
  })
    .pipe(serve(options.handler ?? (({ value, principal }) => `${value} from ${String(principal)}`)))
    .subscribe((record) => records.push(record))
  await isSubscribed
  const until: SignedWorld['until'] = async (isTrue) => {
    while (!isTrue()) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    broker,
    requester: link({
      key: alice.key,
      onRejected: (rejection) => requesterRejections.push(rejection),
      ...options.requester,
    }),
    keys,
    alice: alice.key,
    records,
    rejections,
    requesterRejections,
    seen,
    next: (topic) =>
      new Promise((resolve) => {
        const existing = seen.find((message) => message.topic === topic)
        if (existing !== undefined) return resolve(existing)
        const waiting = seen$.subscribe((message) => {
          if (message.topic !== topic) return
          waiting.unsubscribe()
          resolve(message)
        })
      }),
    forge: (message) => firstValueFrom(attacker.publish$(message)),
    until,
    expectTimeout: async (requester, value) => {
      // The time of the request passes when the test says so, however long its message takes. Symbols, which are left
      // out, carry the clock of a link.
      const scheduler = new VirtualTimeScheduler()
      const members = Object.fromEntries(Object.entries(requester)) as unknown as Link
      const count = rejections.length
      const timedOut = expect(request({ ...members, scheduler }, echo, value)).rejects.toMatchObject({
        code: 'timeout',
        awaited: 'response',
      })
      await until(() => rejections.length > count)
      scheduler.flush()
      await timedOut
    },
    link,
    close: () => broker.close(),
  }
}
