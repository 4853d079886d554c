import { AntiphonError, type ConnectionInfo, type OutgoingMessage } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { connectionFault, outgoingFault } from '../../src/link/outgoing-rules.js'

const fit: OutgoingMessage = {
  topic: 'vehicles/unlock/req/car1/mobile1',
  payload: new Uint8Array([1, 2, 3]),
  qos: 2,
  retain: false,
  responseTopic: 'vehicles/unlock/res/mobile1',
  correlationData: new Uint8Array(65_535),
  contentType: 'application/json',
  payloadFormatIndicator: true,
  messageExpiryInterval: 4_294_967_295,
  userProperties: [
    ['a', '1'],
    ['a', ''],
    ['', '€😀'],
  ],
}
const info: ConnectionInfo = {
  protocolVersion: 5,
  clientId: 'c',
  sessionPresent: false,
  receiveMaximum: 65_535,
  maximumPacketSize: Infinity,
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptions: true,
  sharedSubscriptions: true,
  subscriptionIdentifiers: true,
}

describe('outgoingFault', () => {
  it('accepts a message with all properties and one with none', () => {
    expect(outgoingFault(fit)).toBeUndefined()
    expect(outgoingFault({ topic: 'a', payload: new Uint8Array() })).toBeUndefined()
  })

  it.each<[rule: RegExp, change: Record<string, unknown>]>([
    [/topic "" .*empty/, { topic: '' }],
    [/topic "a\/\+" .*wildcard/, { topic: 'a/+' }],
    [/topic .*U\+0000/, { topic: 'a\0b' }],
    [/topic .*at most 65535/, { topic: 'a'.repeat(65_536) }],
    [/topic 3 .*not a string/, { topic: 3 }],
    [/payload is of type string.*Uint8Array/, { payload: 'text' }],
    [/payload is of type undefined/, { payload: undefined }],
    [/payload is null/, { payload: null }],
    [/payload is Array/, { payload: [1] }],
    [/payload is an object: it must/, { payload: Object.create(null) }],
    [/qos is 3.*0, 1 or 2/, { qos: 3 }],
    [/qos is 1.*0, 1 or 2/, { qos: '1' }],
    [/retain is yes/, { retain: 'yes' }],
    [/payloadFormatIndicator is 1/, { payloadFormatIndicator: 1 }],
    [/messageExpiryInterval is 0.*from 1 to 4294967295/, { messageExpiryInterval: 0 }],
    [/messageExpiryInterval is 1.5/, { messageExpiryInterval: 1.5 }],
    [/messageExpiryInterval is NaN/, { messageExpiryInterval: NaN }],
    [/messageExpiryInterval is 4294967296/, { messageExpiryInterval: 4_294_967_296 }],
    [/responseTopic "a\/#" .*wildcard/, { responseTopic: 'a/#' }],
    [/responseTopic "" .*empty/, { responseTopic: '' }],
    [/responseTopic .*at most 65535/, { responseTopic: 'ä'.repeat(32_768) }],
    [/correlationData is of type string/, { correlationData: 'text' }],
    [/correlationData takes 65536 bytes: at most 65535/, { correlationData: new Uint8Array(65_536) }],
    [/contentType .*at most 65535/, { contentType: 'x'.repeat(65_536) }],
    [/contentType .*U\+D800/, { contentType: '\ud800' }],
    [/userProperties is Object.*pairs/, { userProperties: {} }],
    [/userProperties\[0\] is of type string/, { userProperties: ['ab'] }],
    [/userProperties\[1\] is Array/, { userProperties: [['a', 'b'], ['a']] }],
    [/userProperties\[0\] undefined .*not a string/, { userProperties: [['a', undefined]] }],
    [/userProperties\[0\] .*at most 65535/, { userProperties: [['a', 'x'.repeat(65_536)]] }],
    [/MQTT allows 268435455/, { payload: new Uint8Array(268_435_455) }],
  ])('names the value and the rule of an invalid message: %s', (rule, change) => {
    const changes: object = change
    const fault = outgoingFault({ ...fit, ...changes })
    expect(fault).toBeInstanceOf(AntiphonError)
    expect(fault).toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    expect(fault?.message).toMatch(rule)
  })

  it('treats undefined properties as absent', () => {
    const options = ['qos', 'retain', 'responseTopic', 'correlationData', 'contentType', 'userProperties']
    const undefinedOptions: object = Object.fromEntries(options.map((option) => [option, undefined]))
    expect(outgoingFault({ ...fit, ...undefinedOptions })).toBeUndefined()
  })
})

describe('connectionFault', () => {
  it('accepts a message within the limits of the broker', () => {
    expect(connectionFault(fit, info)).toBeUndefined()
  })

  it('refuses a QoS above Maximum QoS; the default QoS is 1', () => {
    expect(connectionFault(fit, { ...info, maximumQoS: 1 })).toMatchObject({
      code: 'publish-refused',
      topic: fit.topic,
      reasonCode: 0x9b,
      phase: 'before-network',
      rawMessage: `cannot publish to "${fit.topic}" with QoS 2: the broker's Maximum QoS is 1: QoS not supported (0x9b)`,
    })
    const plain = { topic: 'a', payload: new Uint8Array() }
    expect(connectionFault(plain, { ...info, maximumQoS: 0 })).toMatchObject({ reasonCode: 0x9b })
    expect(connectionFault({ ...plain, qos: 0 }, { ...info, maximumQoS: 0 })).toBeUndefined()
  })

  it('refuses retain without Retain Available', () => {
    const withoutRetain = { ...info, retainAvailable: false }
    expect(connectionFault({ ...fit, retain: true }, withoutRetain)).toMatchObject({
      code: 'publish-refused',
      reasonCode: 0x9a,
      rawMessage: `cannot publish to "${fit.topic}" with retain: retain not supported (0x9a)`,
    })
    expect(connectionFault(fit, withoutRetain)).toBeUndefined()
  })

  it('refuses a packet one byte larger than Maximum Packet Size', () => {
    const message: OutgoingMessage = { topic: 'a/b', payload: new Uint8Array(10), qos: 1 }
    // Fixed header 2, topic 2 + 3, packet identifier 2, property length 1, payload 10.
    expect(connectionFault(message, { ...info, maximumPacketSize: 20 })).toBeUndefined()
    expect(connectionFault(message, { ...info, maximumPacketSize: 19 })).toMatchObject({
      code: 'too-large',
      reasonCode: 0x95,
      topic: 'a/b',
      phase: 'before-network',
      rawMessage:
        'cannot publish to "a/b": the packet takes 20 bytes, the broker\'s Maximum Packet Size is 19',
    })
  })

  it('does not count properties on a 3.1.1 connection', () => {
    const message: OutgoingMessage = { topic: 'a/b', payload: new Uint8Array(10), contentType: 'text/plain' }
    expect(connectionFault(message, { ...info, protocolVersion: 4, maximumPacketSize: 19 })).toBeUndefined()
    expect(connectionFault(message, { ...info, maximumPacketSize: 19 })).toMatchObject({ code: 'too-large' })
  })
})
