import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import {
  AntiphonError,
  endpoint,
  ignoredRequests$,
  json,
  request,
  requests$,
  serve,
  unmatchedResponses$,
  type Link,
} from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { authenticateSigner, signed, signedBy, type SigningKey } from '@antiphon/signed'
import * as t from 'io-ts'
import { delay, firstValueFrom, of, tap } from 'rxjs'
import { readRole } from '../../process/parent-process.js'
import {
  echoTopic,
  keysTopic,
  responderId,
  responseTimeout,
  runCommands,
  slowDelay,
  streamTopic,
  targetId,
  type TargetRole,
} from '../test-bed/target.js'

const { port } = readRole<TargetRole>()
const Text = json(t.type({ text: t.string }))
const echo = endpoint({ topic: echoTopic, request: Text, response: Text })
const other = endpoint({ topic: streamTopic, request: Text, response: Text })
const counts = { handled: 0, unmatched: 0, ignored: 0, produced: 0 }
const rejections: string[] = []

/** Returns the key of a client in the form in which it signs, and in the form that all others have. */
function signingKey(
  kid: string,
  alg: string,
  privateKey: KeyObject,
): { readonly key: SigningKey; readonly publicKey: SigningKey } {
  const toJwk = (key: KeyObject): SigningKey => ({
    ...key.export({ format: 'jwk' }),
    kid,
    alg,
  })
  return { key: toJwk(privateKey), publicKey: toJwk(createPublicKey(privateKey)) }
}

// Of RSA, the public key is a text that a careless verifier takes for the secret of HS256.
const requesterKey = signingKey(
  targetId,
  'RS256',
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey,
)
const responderKey = signingKey(
  responderId,
  'ES256',
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
)
const keys = { keys: [requesterKey.publicKey, responderKey.publicKey] }

const signedLink = (clientId: string, key: SigningKey): Link =>
  signed({ key, keys, except: [keysTopic], onRejected: ({ reason }) => rejections.push(reason) })(
    connect(`mqtt://127.0.0.1:${port}`, { clientId }),
  )
const requester = signedLink(targetId, requesterKey.key)
const responder = signedLink(responderId, responderKey.key)
unmatchedResponses$(requester).subscribe(() => (counts.unmatched += 1))
ignoredRequests$(responder).subscribe(() => (counts.ignored += 1))

for (const served of [echo, other])
  requests$(responder, served, { authenticate: authenticateSigner })
    .pipe(
      tap(() => (counts.handled += 1)),
      serve(({ value: { text } }) => of({ text: `${text}!` }).pipe(delay(text === 'slow' ? slowDelay : 0))),
    )
    .subscribe()
await firstValueFrom(responder.subscription$(echoTopic))
await firstValueFrom(responder.subscription$(streamTopic))
// Public keys are no secret: attackers know them.
await firstValueFrom(
  responder.publish$({
    topic: keysTopic,
    payload: new TextEncoder().encode(JSON.stringify(keys)),
    retain: true,
  }),
)

runCommands({
  sendRequest: (text) =>
    request(
      requester,
      echo,
      { text },
      { timeout: responseTimeout, expectedResponder: signedBy(responderId) },
    ).then(
      (response) => response.text,
      (error: unknown) => {
        throw new Error(AntiphonError.from(error).code)
      },
    ),
  report: () => ({ ...counts, rejections }),
})
