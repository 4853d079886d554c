import fc from 'fast-check'
import type { IConnectPacket } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { type ConnectPacket, type ConnectProperties, writeConnect, type WillMessage } from '../src/index.js'
import { bytes, message, runs, text, version } from './arbitraries.js'
import { parsedByReference, toReferenceProperties, written } from './reference.js'

const fourBytes = fc.integer({ min: 1, max: 4_294_967_295 })
const twoBytes = fc.integer({ min: 1, max: 65_535 })
const userProperties = fc.array(
  fc.tuple(
    text,
    text.filter((value) => value !== ''),
  ),
  { minLength: 1, maxLength: 4 },
)
const properties: fc.Arbitrary<ConnectProperties> = fc.record(
  {
    sessionExpiryInterval: fourBytes,
    receiveMaximum: twoBytes,
    maximumPacketSize: fourBytes,
    topicAliasMaximum: twoBytes,
    requestResponseInformation: fc.boolean(),
    requestProblemInformation: fc.boolean(),
    userProperties,
  },
  { requiredKeys: [] },
)
const will: fc.Arbitrary<WillMessage> = fc
  .tuple(message, fc.option(fourBytes, { nil: undefined }))
  .filter(([{ topic }]) => topic !== '')
  .map(([sent, delay]) => ({ ...sent, ...(delay !== undefined && { willDelayInterval: delay }) }))
const credentials = fc.oneof(
  fc.constant({}),
  fc.record({ username: text }),
  fc.record({ username: text, password: fc.oneof(text, bytes) }),
)
const connect: fc.Arbitrary<ConnectPacket> = fc
  .tuple(
    fc.record({ clientId: text, cleanStart: fc.boolean(), keepAlive: fc.nat(65_535), properties }),
    credentials,
    fc.option(will, { nil: undefined }),
  )
  .map(([plain, user, sentWill]) => ({
    ...plain,
    ...user,
    ...(sentWill !== undefined && { will: sentWill }),
  }))

/** What mqtt-packet reads from a Will. */
function toReferenceWill(sent: WillMessage, protocolVersion: 4 | 5): object {
  const { topic, payload, qos, retain, willDelayInterval } = sent
  const delay = willDelayInterval === undefined ? {} : { willDelayInterval }
  const own = { ...toReferenceProperties(sent), ...delay }
  const hasProperties = protocolVersion === 5 && Object.keys(own).length > 0
  return { topic, payload: Buffer.from(payload), qos, retain, ...(hasProperties && { properties: own }) }
}

describe('CONNECT', () => {
  it('is read by mqtt-packet with all fields and properties', () => {
    fc.assert(
      fc.property(connect, version, (packet, protocolVersion) => {
        const [parsed, ...others] = parsedByReference(
          written((to) => writeConnect(to, packet, protocolVersion)),
          protocolVersion,
        ) as [IConnectPacket, ...unknown[]]
        expect(others).toEqual([])
        const { clientId, cleanStart: clean, keepAlive: keepalive, username, password } = packet
        expect(parsed).toMatchObject({ protocolId: 'MQTT', protocolVersion, clientId, clean, keepalive })
        expect(parsed.username).toBe(username)
        expect(parsed.password).toEqual(password === undefined ? undefined : Buffer.from(password))
        if (packet.will === undefined) expect(parsed.will).toBeUndefined()
        else expect(parsed.will).toMatchObject(toReferenceWill(packet.will, protocolVersion))
        const { userProperties: pairs, ...plain } = packet.properties
        const expected = { ...plain, ...(pairs && toReferenceProperties(asMessage(pairs))) }
        expect(parsed.properties ?? {}).toEqual(protocolVersion === 5 ? expected : {})
      }),
      runs(300),
    )
  })

  it('keeps user properties in order, also across different names', () => {
    const packet: ConnectPacket = {
      clientId: '',
      cleanStart: true,
      keepAlive: 0,
      properties: {
        userProperties: [
          ['a', '1'],
          ['b', '2'],
          ['a', '3'],
        ],
      },
    }
    const digits = Buffer.from(written((to) => writeConnect(to, packet, 5))).toString('hex')
    // Each name and value has its length before it.
    expect(digits.match(/6[12]00013[123]/g)).toEqual(['61000131', '62000132', '61000133'])
  })

  it('throws a RangeError for a field that is too long, instead of a broken packet', () => {
    const packet = { clientId: 'x'.repeat(65_536), cleanStart: true, keepAlive: 0, properties: {} }
    expect(() => written((to) => writeConnect(to, packet, 5))).toThrow(RangeError)
  })
})

function asMessage(userProperties: readonly (readonly [string, string])[]): {
  topic: string
  payload: Uint8Array
  userProperties: readonly (readonly [string, string])[]
} {
  return { topic: '', payload: new Uint8Array(), userProperties }
}
