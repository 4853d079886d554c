import {
  endpoint,
  exchange$,
  request,
  requestMany,
  requests$,
  serve,
  text,
  unmatchedResponses$,
  userProperty,
  type Message,
  type OutgoingMessage,
} from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { authenticateSigner, signed, signedBy, signerOf, type SigningKey } from '@antiphon/signed'
import { CompactSign, decodeJwt, decodeProtectedHeader, exportSPKI, importJWK, UnsecuredJWT } from 'jose'
import { firstValueFrom, lastValueFrom, NEVER, Subject, toArray } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { echo, newKey, signedWorld, type SignedWorld, type SignedWorldOptions } from './signed-world.js'

const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value)
const jwsOf = ({ userProperties }: Pick<Message, 'userProperties'>): string =>
  userProperty(userProperties, '__jws') ?? ''

/** Returns a message with another signature. */
const withJws = (message: OutgoingMessage, jws: string | undefined): OutgoingMessage => ({
  ...message,
  userProperties: [
    ...(message.userProperties ?? []).filter(([name]) => name !== '__jws'),
    ...(jws === undefined ? [] : [['__jws', jws] as const]),
  ],
})

/** Returns what an attacker publishes again of a received message. */
const copyOf = ({
  topic,
  payload,
  responseTopic,
  correlationData,
  contentType,
  userProperties = [],
}: Message): OutgoingMessage => ({
  topic,
  payload,
  userProperties,
  ...(responseTopic !== undefined && { responseTopic }),
  ...(correlationData !== undefined && { correlationData }),
  ...(contentType !== undefined && { contentType }),
})

let world: SignedWorld

const start = async (options?: SignedWorldOptions): Promise<SignedWorld> =>
  (world = await signedWorld(options))

afterEach(() => world.close())

const reasons = (): readonly string[] => world.rejections.map(({ reason }) => reason)

describe('signed', () => {
  it.each(['EdDSA', 'ES256', 'PS256', 'RS256', 'HS256'])(
    'signs and verifies requests and responses with %s',
    async (alg) => {
      const { requester, seen } = await start({ alg })
      expect(await request(requester, echo, 'hello')).toBe('hello from alice')
      const types = seen.map((message) => decodeProtectedHeader(jwsOf(message)))
      expect(types).toMatchObject([
        { alg, kid: 'alice', typ: 'antiphon-request' },
        { alg, kid: 'server', typ: 'antiphon-response' },
      ])
      expect(world.rejections).toEqual([])
    },
  )

  it('adds less than 450 bytes to a request and a response with EdDSA and ES256', async () => {
    for (const alg of ['EdDSA', 'ES256']) {
      await start({ alg })
      await request(world.requester, echo, 'hello')
      for (const message of world.seen) expect(jwsOf(message).length).toBeLessThan(450)
      await world.close()
    }
    await start()
  })

  it('keeps the order of messages, and signs other messages as well', async () => {
    const { requester, link, alice } = await start()
    const receiver: Message[] = []
    const reading = link({ key: alice })
    reading.messages$('readings').subscribe((message) => receiver.push(message))
    await firstValueFrom(reading.subscription$('readings'))
    for (let index = 0; index < 20; index++)
      requester.publish$({ topic: 'readings', payload: bytesOf(String(index)) }).subscribe()
    await world.until(() => receiver.length === 20)
    expect(receiver.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    )
    expect(receiver.map((message) => signerOf(message)?.principal)).toEqual(
      Array.from({ length: 20 }, () => 'alice'),
    )
  })

  it('passes the signer to the handler, and to expectedResponder', async () => {
    const { requester } = await start({
      responder: { principal: (keyId) => `user ${keyId}` },
      requester: { principal: (keyId) => keyId.toUpperCase() },
    })
    expect(await request(requester, echo, 'hi', { expectedResponder: signedBy('SERVER') })).toBe(
      'hi from user alice',
    )
    const refused = request(requester, echo, 'hi', { timeout: 300, expectedResponder: signedBy('OTHER') })
    await expect(refused).rejects.toMatchObject({ code: 'timeout' })
  })

  it('verifies streams in both directions, and their control messages', async () => {
    const { link, alice, requester } = await start()
    const chat = requestStreamEndpoint({
      topic: 'chat',
      request: text,
      response: text,
      responses: 'many',
    })
    const server = link({ key: alice })
    requests$(server, chat, { credit: 2, authenticate: authenticateSigner })
      .pipe(serve(({ value }) => value))
      .subscribe()
    await firstValueFrom(server.subscription$('chat'))
    const items = Array.from({ length: 20 }, (_, index) => String(index))
    expect(await lastValueFrom(exchange$(requester, chat, items, { credit: 2 }).pipe(toArray()))).toEqual(
      items,
    )
    const read: string[] = []
    for await (const item of requestMany(requester, chat, items)) read.push(item)
    expect(read).toEqual(items)
  })

  it('signs each chunk of a large payload', async () => {
    const { requester, seen } = await start({ broker: { limits: { packetSize: 4_000 } } })
    const long = 'x'.repeat(20_000)
    expect(await request(requester, echo, long)).toBe(`${long} from alice`)
    expect(seen.length).toBeGreaterThan(10)
    expect(world.rejections).toEqual([])
  })

  it('leaves topics in `except` alone, and drops other unsigned messages', async () => {
    const { link, alice, forge } = await start()
    const seen: string[] = []
    const receiver = link({ key: alice, except: ['open/#'] })
    for (const topic of ['open/a', 'closed/a'])
      receiver.messages$(topic).subscribe((message) => seen.push(message.topic))
    await firstValueFrom(receiver.subscription$('closed/a'))
    await firstValueFrom(receiver.publish$({ topic: 'open/a', payload: bytesOf('own') }))
    for (const topic of ['closed/a', 'open/a']) await forge({ topic, payload: bytesOf('x') })
    await world.until(() => seen.length === 2)
    expect(seen).toEqual(['open/a', 'open/a'])
    expect(jwsOf(world.seen[0] as Message)).toBe('')
  })

  it('accepts a retained message of any age, each time that it is delivered', async () => {
    const { link, alice, requester } = await start()
    await firstValueFrom(requester.publish$({ topic: 'state', payload: bytesOf('on'), retain: true }))
    for (let times = 0; times < 2; times++) {
      const receiver = link({ key: alice, maxAge: 1, clockTolerance: 0 })
      expect(signerOf(await firstValueFrom(receiver.messages$('state')))?.principal).toBe('alice')
    }
  })

  it('fails a request that cannot be signed', async () => {
    const { link } = await start()
    const broken = link({ key: () => Promise.reject(new Error('no key')) })
    await expect(request(broken, echo, 'x')).rejects.toMatchObject({
      code: 'encode',
      message: expect.stringContaining('cannot sign the message to echo: Error: no key') as string,
    })
  })

  it('checks its options', async () => {
    const { alice, keys } = await start()
    const call = (options: object) => () => signed(options as never)
    expect(call({ keys })).toThrow('options.key is missing')
    expect(call({ key: alice })).toThrow('options.keys is missing')
    expect(call({ key: { kty: 'OKP' }, keys })).toThrow('options.key: it must be a JWK with kid and alg')
    expect(call({ key: alice, keys: [] })).toThrow('options.keys: it must be a JWKS')
    expect(call({ key: alice, keys, except: 'a' })).toThrow('options.except')
  })
})

describe('an attacker who publishes messages', () => {
  it('is answered 401 without a signature where unverified requests pass, and nothing otherwise', async () => {
    await start({ responder: { unverifiedRequests: 'pass' } })
    const plain = world.broker.link()
    await expect(request(plain, echo, 'x')).rejects.toMatchObject({
      status: { code: 401, message: 'the request is not signed' },
    })
    await world.close()
    await start()
    await world.expectTimeout(world.broker.link(), 'x')
    expect(reasons()).toEqual(['unsigned'])
  })

  it('cannot send a request again', async () => {
    const { requester, next, forge, until } = await start()
    await request(requester, echo, 'pay')
    await forge(copyOf(await next('echo')))
    await until(() => world.rejections.length === 1)
    expect(reasons()).toEqual(['replayed'])
    expect(world.records).toHaveLength(1)
  })

  it('cannot change the payload, the topic, the properties or the Response Topic', async () => {
    const { requester, next, forge, until } = await start({ handler: () => NEVER })
    exchange$(requester, echo, 'pay 1').subscribe({ error: () => undefined })
    const message = copyOf(await next('echo'))
    await forge({ ...message, payload: bytesOf('pay 9') })
    await forge({ ...message, responseTopic: 'attacker' })
    await forge({ ...message, correlationData: bytesOf('other') })
    await forge({ ...message, contentType: 'application/json' })
    await forge({ ...message, userProperties: [...(message.userProperties ?? []), ['admin', 'true']] })
    await until(() => world.rejections.length === 5)
    expect(reasons()).toEqual(Array.from({ length: 5 }, () => 'altered'))
  })

  it('cannot send a request to another endpoint', async () => {
    const { requester, next, forge, until, link, alice } = await start()
    const other = endpoint({ topic: 'other', request: text, response: text })
    const rejected: string[] = []
    const server = link({ key: alice, onRejected: ({ reason }) => rejected.push(reason) })
    requests$(server, other)
      .pipe(serve(() => 'run'))
      .subscribe()
    await firstValueFrom(server.subscription$('other'))
    await request(requester, echo, 'pay')
    await forge({ ...copyOf(await next('echo')), topic: 'other' })
    await until(() => rejected.length === 1)
    expect(rejected).toEqual(['altered'])
  })

  it('cannot answer a request with the response to another one', async () => {
    const answers = new Subject<string>()
    const { requester, seen, forge, until } = await start({
      handler: ({ value }) => (value === 'balance?' ? answers : `${value}: yes`),
    })
    const unmatched: Message[] = []
    unmatchedResponses$(requester).subscribe(({ message }) => unmatched.push(message))
    await request(requester, echo, 'is it Monday')
    const response = seen.find(({ responseTopic }) => responseTopic === undefined) as Message
    const pending = request(requester, echo, 'balance?')
    await until(() => seen.filter(({ topic }) => topic === 'echo').length === 2)
    const [, second] = seen.filter(({ topic }) => topic === 'echo')
    await forge({ ...copyOf(response), correlationData: second?.correlationData as Uint8Array })
    await forge(copyOf(response))
    await until(() => world.requesterRejections.length === 2)
    expect(world.requesterRejections.map(({ reason }) => reason)).toEqual(['altered', 'replayed'])
    answers.next('5')
    expect(await pending).toBe('5')
  })

  it('cannot have its own request, with the correlation of another, answered to that one', async () => {
    const mallory = await newKey('mallory')
    const answers = new Subject<string>()
    await start({
      handler: ({ value, principal }) => (principal === 'alice' ? answers : `${value} for mallory`),
    })
    world.keys.keys.push(mallory.publicKey)
    const pending = request(world.requester, echo, 'from alice')
    const { correlationData, responseTopic } = await world.next('echo')
    const attacker = world.link({ key: mallory.key })
    await firstValueFrom(
      attacker.publish$({
        topic: 'echo',
        payload: bytesOf('from mallory'),
        correlationData: correlationData as Uint8Array,
        responseTopic: responseTopic as string,
      }),
    )
    await world.until(() => world.rejections.length === 1)
    expect(reasons()).toEqual(['another-signer'])
    answers.next('for alice')
    expect(await pending).toBe('for alice')
  })

  it('cannot have a response to its earlier request accepted by the requester whose correlation it used', async () => {
    const mallory = await newKey('mallory')
    await start()
    world.keys.keys.push(mallory.publicKey)
    const attacker = world.link({ key: mallory.key })
    // The response topic of alice, and a correlation that she uses later, as a weak generator would allow to guess.
    const sent = { responseTopic: 'response/alice', correlationData: bytesOf('guessed') }
    const receiver = world.link({ key: world.alice, onRejected: ({ reason }) => void rejected.push(reason) })
    const rejected: string[] = []
    const responses: Message[] = []
    receiver.messages$('response/alice').subscribe((message) => responses.push(message))
    await firstValueFrom(receiver.subscription$('response/alice'))
    await firstValueFrom(receiver.publish$({ topic: 'unserved', payload: bytesOf('from alice'), ...sent }))
    await firstValueFrom(attacker.publish$({ topic: 'echo', payload: bytesOf('from mallory'), ...sent }))
    await world.until(() => rejected.length === 1)
    expect(rejected).toEqual(['another-request'])
    expect(responses).toEqual([])
  })

  it('cannot cancel the request of another signer', async () => {
    const mallory = await newKey('mallory')
    const answers = new Subject<string>()
    await start({ handler: () => answers, requests: { controlTopic: 'control' } })
    world.keys.keys.push(mallory.publicKey)
    const pending = request(world.requester, echo, 'x')
    const { correlationData, responseTopic } = await world.next('echo')
    const cancel: OutgoingMessage = {
      topic: 'control',
      payload: new Uint8Array(),
      correlationData: correlationData as Uint8Array,
      responseTopic: responseTopic as string,
      userProperties: [
        ['__ctl', 'cancel'],
        ['__stat', '499'],
      ],
    }
    await firstValueFrom(world.link({ key: mallory.key }).publish$(cancel))
    await world.forge(cancel)
    await world.until(() => world.rejections.length === 2)
    expect(reasons()).toEqual(['another-signer', 'unsigned'])
    answers.next('done')
    expect(await pending).toBe('done')
  })

  it('cannot make a responder answer 401 in place of a request that it imitates', async () => {
    const answers = new Subject<string>()
    await start({ handler: () => answers, responder: { unverifiedRequests: 'pass' } })
    const pending = request(world.requester, echo, 'x')
    await world.forge(withJws({ ...copyOf(await world.next('echo')), payload: bytesOf('y') }, undefined))
    await world.until(() => world.rejections.length === 1)
    answers.next('done')
    expect(await pending).toBe('done')
  })

  it('cannot use a weaker algorithm, none, or a public key as secret', async () => {
    const { requester, next, forge, until, keys } = await start({ alg: 'RS256', handler: () => NEVER })
    exchange$(requester, echo, 'x').subscribe({ error: () => undefined })
    const message = copyOf(await next('echo'))
    const claims = decodeJwt(jwsOf(message)) as Record<string, never>
    const header = { kid: 'alice', typ: 'antiphon-request' }
    const payload = bytesOf(JSON.stringify({ ...claims, jti: 'fresh' }))
    const publicKey = await importJWK(keys.keys[0] as SigningKey, 'RS256', { extractable: true })
    const secret = bytesOf(await exportSPKI(publicKey as CryptoKey))
    const confused = await new CompactSign(payload)
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(secret)
    const unsecured = new UnsecuredJWT(claims).encode()
    const none = `${Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url')}.${jwsOf(message).split('.')[1]}.`
    for (const jws of [confused, none, unsecured, 'nonsense', 'a.b.c']) await forge(withJws(message, jws))
    await until(() => world.rejections.length === 5)
    expect(reasons()).toEqual(['algorithm', 'algorithm', 'unknown-key', 'malformed', 'malformed'])
  })

  it('cannot use a wrong signature, an unknown key, or claims of another kind', async () => {
    const stranger = await newKey('alice')
    const { requester, next, forge, until, alice } = await start({ handler: () => NEVER })
    exchange$(requester, echo, 'x').subscribe({ error: () => undefined })
    const message = copyOf(await next('echo'))
    const claims = decodeJwt(jwsOf(message))
    const sign = async (key: SigningKey, header: object, payload: object | string): Promise<string> =>
      new CompactSign(bytesOf(typeof payload === 'string' ? payload : JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'EdDSA', kid: 'alice', typ: 'antiphon-request', ...header })
        .sign(await importJWK(key))
    const jwss = [
      await sign(stranger.key, {}, claims),
      await sign(alice, { kid: 'bob' }, claims),
      await sign(alice, { kid: undefined }, claims),
      await sign(alice, { typ: 'antiphon-response' }, claims),
      await sign(alice, { typ: 'JWT' }, claims),
      await sign(alice, {}, 'no JSON'),
      await sign(alice, {}, 'null'),
      await sign(alice, {}, { ...claims, iat: 'now' }),
    ]
    for (const jws of jwss) await forge(withJws(message, jws))
    await until(() => world.rejections.length === jwss.length)
    expect(reasons()).toEqual([
      'signature',
      'unknown-key',
      'unknown-key',
      ...Array.from({ length: 5 }, () => 'malformed'),
    ])
  })

  it('cannot send a request after its time, or before it', async () => {
    const { requester, next, forge, until, alice } = await start({ handler: () => NEVER })
    exchange$(requester, echo, 'x').subscribe({ error: () => undefined })
    const message = copyOf(await next('echo'))
    const claims = decodeJwt(jwsOf(message))
    const now = Date.now() / 1_000
    for (const iat of [now - 66, now + 6, now - 64]) {
      const jws = await new CompactSign(bytesOf(JSON.stringify({ ...claims, iat, jti: `at ${iat}` })))
        .setProtectedHeader({ alg: 'EdDSA', kid: 'alice', typ: 'antiphon-request' })
        .sign(await importJWK(alice))
      await forge(withJws(message, jws))
    }
    await until(() => world.rejections.length === 2)
    expect(reasons()).toEqual(['expired', 'expired'])
  })
})

describe('the keys of signed', () => {
  it('are loaded again for a key that is not known, and not for each such message', async () => {
    let loads = 0
    const [first, second] = await Promise.all([newKey('first'), newKey('second')])
    let current = first
    const readKeys = () => {
      loads++
      return Promise.resolve({
        keys: [...world.keys.keys, first.publicKey, ...(current === second ? [second.publicKey] : [])],
      })
    }
    await start({
      responder: { keys: readKeys, principal: (keyId) => (keyId === 'alice' ? keyId : 'rotating') },
    })
    const rotating = world.link({ key: () => current.key })
    expect(await request(rotating, echo, 'a')).toBe('a from rotating')
    current = second
    expect(await request(rotating, echo, 'b')).toBe('b from rotating')
    expect(loads).toBe(2)
    const stranger = world.link({ key: (await newKey('stranger')).key })
    await world.expectTimeout(stranger, 'c')
    expect(loads).toBe(2)
    expect(reasons()).toEqual(['unknown-key'])
  })

  it('may fail to load, and are loaded for the next message then', async () => {
    let loads = 0
    await start({
      responder: {
        keys: () => (++loads < 3 ? Promise.reject(new Error('offline')) : world.keys),
      },
    })
    await world.expectTimeout(world.requester, 'a')
    expect(await request(world.requester, echo, 'b', { retry: { count: 3, attemptTimeout: 100 } })).toBe(
      'b from alice',
    )
    expect(reasons()[0]).toBe('unknown-key')
  })

  it('that cannot be imported, and a principal that throws, verify nothing', async () => {
    const broken: SigningKey = { kty: 'OKP', crv: 'Ed25519', x: '!', kid: 'alice', alg: 'EdDSA' }
    await start({ responder: { keys: { keys: [broken] } } })
    await world.expectTimeout(world.requester, 'a')
    expect(reasons()).toEqual(['unknown-key'])
    await world.close()
    await start({
      responder: {
        principal: () => {
          throw new Error('no such user')
        },
      },
    })
    await world.expectTimeout(world.requester, 'a')
    expect(reasons()).toEqual(['unknown-key'])
  })
})
