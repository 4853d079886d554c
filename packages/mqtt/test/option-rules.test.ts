import { AntiphonError } from '@antiphon/core'
import { connect, type ConnectOptions, mqttTransport } from '@antiphon/mqtt'
import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { toAddress } from '../src/address.js'

function faultOf(action: () => unknown): AntiphonError {
  try {
    action()
  } catch (error) {
    return AntiphonError.from(error)
  }
  throw new Error('the action did not throw')
}

describe('options', () => {
  it.each<[rule: RegExp, options: object]>([
    [/options\.keepAlive is not known: did you mean keepalive\?/, { keepAlive: 60 }],
    [/options\.colour is not known: use protocolVersion, clientId, .*closeTimeout$/, { colour: 5 }],
    [/options\.__proto__ is not known/, JSON.parse('{"__proto__":1}') as object],
    [/protocolVersion is 3: it must be 4 or 5/, { protocolVersion: 3 }],
    [/clientId is 5: it is of type number/, { clientId: 5 }],
    [/clientId is "a\\u0000": it holds U\+0000/, { clientId: 'a\0' }],
    [/clean is 1: it must be true or false/, { clean: 1 }],
    [/clean is false: it needs a clientId/, { clean: false }],
    [/keepalive is -1: it must be a whole number from 0 to 65535/, { keepalive: -1 }],
    [/keepalive is 65536/, { keepalive: 65_536 }],
    [/keepalive is 1.5/, { keepalive: 1.5 }],
    [/connectTimeout is 0: it must be a whole number from 1/, { connectTimeout: 0 }],
    [/connectTimeout is Infinity/, { connectTimeout: Infinity }],
    [/password: it needs a username/, { password: 'x' }],
    [/password: it must not take more than/, { username: 'x', password: new Uint8Array(65_536) }],
    [/credentials is an object: it must be a function/, { credentials: { username: 'x' } }],
    [/credentials .*replaces username/, { username: 'x', credentials: () => NEVER }],
    [/authentication: it needs method and begin/, { authentication: { method: 'SCRAM' } }],
    [/authentication: it needs method and begin/, { authentication: { begin: () => ({}) } }],
    [/authentication\.begin is 5: it must be a function/, { authentication: { method: 'x', begin: 5 } }],
    [/authentication .*needs MQTT 5/, { protocolVersion: 4, authentication: {} }],
    [/endSession .*needs MQTT 5/, { protocolVersion: 4, endSession: true }],
    [/endSession is 1: it must be true or false/, { endSession: 1 }],
    [/will is 5: it must be an object/, { will: 5 }],
    [/options\.will\.topic "a\/#" .*wildcard/, { will: { topic: 'a/#' } }],
    [/options\.will\.topic undefined/, { will: {} }],
    [
      /options\.will\.payload has 65536 bytes: it must not take more than 65 535 bytes/,
      { will: { topic: 'a', payload: new Uint8Array(65_536) } },
    ],
    [/options\.will\.payload is/, { will: { topic: 'a', payload: 5 } }],
    [/options\.will\.qos is 3/, { will: { topic: 'a', qos: 3 } }],
    [/options\.will\.willDelayInterval is -1: it must be/, { will: { topic: 'a', willDelayInterval: -1 } }],
    [/properties .*needs MQTT 5, and protocolVersion is 4/, { protocolVersion: 4, properties: {} }],
    [
      /options\.properties\.receiveMaximum is 0: it must be a whole number from 1 to 65535/,
      { properties: { receiveMaximum: 0 } },
    ],
    [/options\.properties\.maximumPacketSize is 0/, { properties: { maximumPacketSize: 0 } }],
    [/options\.properties\.topicAliasMaximum is 65536/, { properties: { topicAliasMaximum: 65_536 } }],
    [/options\.properties\.sessionExpiryInterval is NaN/, { properties: { sessionExpiryInterval: NaN } }],
    [/options\.properties\.userProperties .*pairs/, { properties: { userProperties: { a: 'b' } } }],
    [
      /options\.properties\.sessionExpiry is not known: did you mean sessionExpiryInterval\?/,
      { properties: { sessionExpiry: 5 } },
    ],
    [/options\.will\.retian is not known: did you mean retain\?/, { will: { topic: 'a', retian: true } }],
    [/options\.reconnect\.max is not known: did you mean maximum\?/, { reconnect: { max: 5 } }],
    [/options\.queue\.bytes is "5": it must be a number/, { queue: { bytes: '5' } }],
    [/ca is 5: it must be PEM/, { ca: 5 }],
    [/cert and key need each other/, { cert: 'x' }],
    [/cert needs TLS, which mqtt:\/\/localhost:1883 does not use/, { cert: 'x', key: 'y' }],
    [/ALPNProtocols is "mqtt": it must be an array/, { ALPNProtocols: 'mqtt' }],
    [/timerVariant is "fast"/, { timerVariant: 'fast' }],
    [/closeTimeout is -1/, { closeTimeout: -1 }],
  ])('rejects an invalid connect option with option, value and rule: %s', (rule, options) => {
    const fault = faultOf(() => connect('mqtt://localhost', options))
    expect(fault).toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    expect(fault.message).toMatch(rule)
  })

  it('does not show passwords, passphrases and keys in option errors', () => {
    const secrets = [
      { username: 'x', password: 'secret\0' },
      { key: 7777, cert: 'x' },
      { passphrase: 'secret\0' },
    ]
    for (const options of secrets) {
      expect(faultOf(() => mqttTransport('mqtts://h', options as ConnectOptions)).message).not.toMatch(
        /secret|7777/,
      )
    }
  })

  it('treats undefined connect options as absent', () => {
    const names = [
      'protocolVersion',
      'clientId',
      'clean',
      'keepalive',
      'will',
      'properties',
      'credentials',
      'queue',
    ]
    const options = Object.fromEntries(names.map((name) => [name, undefined])) as ConnectOptions
    expect(() => connect('mqtt://localhost', options)).not.toThrow()
  })

  it('rejects a user in both the URL and the options', () => {
    expect(faultOf(() => mqttTransport('mqtt://user@localhost', { username: 'x' })).message).toMatch(
      /one user only/,
    )
  })
})

describe('url', () => {
  it.each([
    ['mqtt://localhost', { protocol: 'mqtt', host: 'localhost', port: 1883, text: 'mqtt://localhost:1883' }],
    ['tcp://10.0.0.1:99', { protocol: 'mqtt', host: '10.0.0.1', port: 99, text: 'mqtt://10.0.0.1:99' }],
    ['mqtts://h', { protocol: 'mqtts', host: 'h', port: 8883, text: 'mqtts://h:8883' }],
    ['ssl://h', { protocol: 'mqtts', host: 'h', port: 8883, text: 'mqtts://h:8883' }],
    ['tls://h', { protocol: 'mqtts', host: 'h', port: 8883, text: 'mqtts://h:8883' }],
    ['mqtt://[::1]:7', { protocol: 'mqtt', host: '::1', port: 7, text: 'mqtt://[::1]:7' }],
    ['ws://[::1]', { protocol: 'ws', host: '[::1]', port: 80, path: '/', text: 'ws://[::1]:80/' }],
    [
      'wss://h/mqtt?a=b',
      { protocol: 'wss', host: 'h', port: 443, path: '/mqtt?a=b', text: 'wss://h:443/mqtt?a=b' },
    ],
    [
      'mqtt://u%40d:p%2F@h',
      { protocol: 'mqtt', host: 'h', port: 1883, username: 'u@d', password: 'p/', text: 'mqtt://h:1883' },
    ],
  ])('parses the broker URL %s', (url, address) => {
    expect(toAddress(url)).toEqual(address)
  })

  it.each([
    ['localhost:1883', /protocol localhost:: it must begin with mqtt/],
    ['', /is not a URL/],
    ['http://h', /protocol http:/],
    ['mqtt://', /has no host|is not a URL/],
    ['mqtt://h:99999', /is not a URL/],
    ['mqtt://%zz@h', /has a username or password that is not percent-encoded/],
    ['http://user:secret@h', /"http:\/\/…@h"/],
  ])('rejects the broker URL %s', (url, rule) => {
    const fault = faultOf(() => mqttTransport(url))
    expect(fault).toMatchObject({ code: 'invalid-argument' })
    expect(fault.message).toMatch(rule)
  })

  it('rejects a broker URL that is not a string and an empty list of URLs', () => {
    expect(faultOf(() => mqttTransport(undefined as unknown as string)).message).toMatch(/is not a URL/)
    expect(faultOf(() => mqttTransport([] as unknown as [string])).message).toMatch(
      /the list of URLs is empty/,
    )
    expect(faultOf(() => mqttTransport(['mqtt://h', 'http://h'])).message).toMatch(/protocol http:/)
  })
})
