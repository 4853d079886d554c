import { createHmac, createPublicKey, randomBytes, type JsonWebKey } from 'node:crypto'
import type { IPublishPacket } from 'mqtt-packet'
import {
  attackOutcome,
  attacksOn,
  checkTarget,
  requestPayload,
  type Attack,
  type AttackOutcome,
} from '../test-bed/attack.js'
import type { RawClient } from '../test-bed/raw-client.js'
import { echoTopic, keysTopic, streamTopic, targetId } from '../test-bed/target.js'
import type { TestBed } from '../test-bed/test-bed.js'

const responseTopic = `response/${targetId}`

/** Attackers who read everything and publish to every topic, as a broker without access rules lets them. */
export const signatures: readonly Attack[] = attacksOn(
  'signatures',
  {
    name: 'replay: a captured request, sent again as it was and with another correlation',
    run: async (testBed) => {
      const { attacker, packet } = await captureRequest(testBed, 'pay')
      return forged(testBed, attacker, () => {
        resend(attacker, packet, {})
        resend(attacker, packet, { properties: { correlationData: Buffer.from('fresh') } })
      })
    },
  },
  {
    name: 'swap: a captured request with another payload, Response Topic, User Property, or to another endpoint',
    run: async (testBed) => {
      const { attacker, packet } = await captureRequest(testBed, 'pay')
      const userProperties = { ...packet.properties?.userProperties, admin: 'true' }
      return forged(testBed, attacker, () => {
        resend(attacker, packet, { payload: requestPayload('pay more') })
        resend(attacker, packet, { properties: { responseTopic: 'response/attacker' } })
        resend(attacker, packet, { properties: { correlationData: Buffer.from('other'), userProperties } })
        resend(attacker, packet, { topic: streamTopic })
      })
    },
  },
  {
    name: 'swap: the response to an earlier request as the response to a pending one',
    run: async (testBed) => {
      const attacker = await eavesdropper(testBed)
      await testBed.sendRequest('early')
      const early = await messageOn(attacker, responseTopic, 1)
      return whilePending(testBed, attacker, ({ properties }) => {
        const { correlationData = Buffer.alloc(0) } = properties ?? {}
        resend(attacker, early, {})
        resend(attacker, early, { properties: { correlationData } })
      })
    },
  },
  {
    name: 'swap: a forged cancel of a pending request',
    run: async (testBed) => {
      const attacker = await eavesdropper(testBed)
      return whilePending(testBed, attacker, async ({ properties }) => {
        const { correlationData = Buffer.alloc(0) } = properties ?? {}
        // The responder has told the requester where it receives cancels.
        const acceptance = await attacker.waitFor<IPublishPacket>(
          'the acceptance of the request',
          (packet) => packet.cmd === 'publish' && controlTopicOf(packet) !== undefined,
        )
        resend(attacker, forgedCancel, {
          topic: controlTopicOf(acceptance) ?? '',
          properties: { correlationData },
        })
      })
    },
  },
  {
    name: 'downgrade: a request without a signature, or with one that says it needs no key',
    run: async (testBed) => {
      const { attacker, packet } = await captureRequest(testBed, 'pay')
      const [header, claims] = partsOf(packet)
      const none = `${encode({ ...header, alg: 'none' })}.${encode({ ...claims, jti: 'fresh' })}.`
      return forged(testBed, attacker, () => {
        for (const jws of [undefined, '', none]) resendSigned(attacker, packet, jws)
      })
    },
  },
  {
    name: 'downgrade: a signature by HS256, whose secret is the public key of the requester',
    run: async (testBed) => {
      const { attacker, packet } = await captureRequest(testBed, 'pay')
      const [header, claims] = partsOf(packet)
      return forged(testBed, attacker, () => {
        for (const [index, secret] of secretsFrom(attacker).entries()) {
          const content = `${encode({ ...header, alg: 'HS256' })}.${encode({ ...claims, jti: String(index) })}`
          const signature = createHmac('sha256', secret).update(content).digest('base64url')
          resendSigned(attacker, packet, `${content}.${signature}`)
        }
      })
    },
  },
)

const forgedCancel: IPublishPacket = {
  cmd: 'publish',
  topic: '',
  payload: '',
  qos: 0,
  dup: false,
  retain: false,
  properties: { responseTopic, userProperties: { __ctl: 'cancel', __stat: '499' } },
}

interface Changes {
  readonly topic?: string
  readonly payload?: string
  readonly properties?: IPublishPacket['properties']
}

/** An attacker who receives every message of the target. */
async function eavesdropper(testBed: TestBed): Promise<RawClient> {
  const attacker = await testBed.attacker()
  await attacker.subscribe(keysTopic, echoTopic, responseTopic)
  return attacker
}

/** Lets the target send a request to itself, and captures it. */
async function captureRequest(
  testBed: TestBed,
  text: string,
): Promise<{ readonly attacker: RawClient; readonly packet: IPublishPacket }> {
  const attacker = await eavesdropper(testBed)
  await testBed.sendRequest(text)
  return { attacker, packet: await messageOn(attacker, echoTopic, 1) }
}

/** Resolves with the message that is the `count`th on a topic. */
async function messageOn(attacker: RawClient, topic: string, count: number): Promise<IPublishPacket> {
  const found = (): IPublishPacket | undefined => publishedOn(attacker, topic)[count - 1]
  await attacker.waitFor(`message ${count} on ${topic}`, () => found() !== undefined)
  return found() as IPublishPacket
}

/** Returns the control topic that a responder names when it accepts a request. */
function controlTopicOf({ properties }: IPublishPacket): string | undefined {
  return properties?.userProperties?.['__ctlTopic']?.toString()
}

function publishedOn(attacker: RawClient, topic: string): readonly IPublishPacket[] {
  return attacker.received.filter(
    (packet): packet is IPublishPacket => packet.cmd === 'publish' && packet.topic === topic,
  )
}

/** Publishes a captured message with changes; everything else of it stays, the signature too. */
function resend(attacker: RawClient, { topic, payload, properties }: IPublishPacket, changes: Changes): void {
  attacker.send({
    cmd: 'publish',
    topic: changes.topic ?? topic,
    payload: changes.payload ?? payload,
    qos: 0,
    dup: false,
    retain: false,
    properties: { ...properties, ...changes.properties },
  })
}

/** Publishes a captured request under a correlation of its own, and with another signature or none. */
function resendSigned(attacker: RawClient, packet: IPublishPacket, jws: string | undefined): void {
  const { __jws: _, ...others } = packet.properties?.userProperties ?? {}
  resend(attacker, packet, {
    properties: {
      correlationData: randomBytes(16),
      userProperties: { ...others, ...(jws !== undefined && { __jws: jws }) },
    },
  })
}

/** Returns the header and the claims of a signature; none if the message has none. */
function partsOf({ properties }: IPublishPacket): readonly [header: object, claims: object] {
  const [header = '', claims = ''] = String(properties?.userProperties?.['__jws'] ?? '').split('.')
  return [decode(header), decode(claims)]
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function decode(part: string): object {
  return part === '' ? {} : (JSON.parse(Buffer.from(part, 'base64url').toString()) as object)
}

/** Returns the forms of the requester's public key that a careless verifier could take for a secret. */
function secretsFrom(attacker: RawClient): readonly (string | Buffer)[] {
  const [published] = attacker.messages(keysTopic)
  if (published === undefined) return ['guessed']
  const { keys } = JSON.parse(published) as { readonly keys: readonly JsonWebKey[] }
  const [key] = keys.map((jwk) => createPublicKey({ key: jwk, format: 'jwk' }))
  if (key === undefined) return ['guessed']
  return [
    key.export({ type: 'spki', format: 'pem' }).toString(),
    key.export({ type: 'spki', format: 'pem' }).toString().trim(),
    key.export({ type: 'spki', format: 'der' }),
    JSON.stringify(keys[0]),
  ]
}

/** Sends forged requests, and checks that the handler runs for none of them. */
async function forged(testBed: TestBed, attacker: RawClient, send: () => void): Promise<AttackOutcome> {
  const before = await testBed.report()
  send()
  await attacker.flush()
  // Messages are verified in their order, so these are settled when the target has handled the next request.
  const targetFault = await checkTarget(testBed)
  const after = await testBed.report()
  const count = after.handled - before.handled - 1
  return attackOutcome(
    `not handled: ${reasonsIn(after.rejections.slice(before.rejections.length))}`,
    count > 0 && `the handler ran for ${count} forged requests`,
    targetFault,
  )
}

/** Does something while a request of the target is pending, which must get its own response. */
async function whilePending(
  testBed: TestBed,
  attacker: RawClient,
  attack: (request: IPublishPacket) => void | Promise<void>,
): Promise<AttackOutcome> {
  const before = await testBed.report()
  const seen = publishedOn(attacker, echoTopic).length
  const response = testBed.sendRequest('slow')
  await attack(await messageOn(attacker, echoTopic, seen + 1))
  const received = await response
  const after = await testBed.report()
  return attackOutcome(
    `the genuine response arrived: ${reasonsIn(after.rejections.slice(before.rejections.length))}`,
    received !== 'slow!' && `the request ended with "${received}"`,
  )
}

/** Returns why messages were rejected, each reason once. */
function reasonsIn(rejections: readonly string[]): string {
  return rejections.length === 0 ? 'nothing rejected' : [...new Set(rejections)].join(', ')
}
