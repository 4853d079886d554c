import { connect, webTransport } from '@antiphon/mqtt/web'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeWebSockets } from './fake-web-socket.js'

const { webSocket } = fakeWebSockets()

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('options of a link over the WebSocket of the platform', () => {
  it.each<[rule: RegExp, options: object]>([
    [
      /options\.ca: it is not available here.*leave it out, or use connect of @antiphon\/mqtt$/,
      { ca: 'secret' },
    ],
    [/options\.timerVariant: it is not available here/, { timerVariant: 'native' }],
    [/options\.wsOptions: it is not available here/, { wsOptions: {} }],
    [/options\.keepAlive is not known: did you mean keepalive\?/, { keepAlive: 60 }],
    [
      /options\.colour is not known: use protocolVersion, clientId, .*webSocket, .*closeTimeout$/,
      { colour: 5 },
    ],
    [/options\.webSocket is "ws": it must be a function/, { webSocket: 'ws' }],
    [/options\.clean is false: it needs a clientId/, { clean: false }],
    [/options\.properties .*needs MQTT 5/, { protocolVersion: 4, properties: {} }],
    [/options\.queue\.bytes is "5": it must be a number/, { queue: { bytes: '5' } }],
  ])('are rejected: %s', (rule, options) => {
    expect(() => connect('ws://h', { webSocket, ...options })).toThrow(rule)
  })

  it('must be an object', () => {
    expect(() => connect('ws://h', null as never)).toThrow('options is null: it must be an object')
  })

  it('are checked by the transport as well', () => {
    expect(() => webTransport('ws://h', { webSocket, ca: 'x' } as object)).toThrow(
      /options\.ca: it is not available/,
    )
    expect(() => webTransport('ws://h', { webSocket, keepalive: -1 })).toThrow(/keepalive is -1/)
  })

  it.each([
    ['mqtt://h', 'url mqtt://h:1883 needs a plain socket: use ws: or wss:, or connect of @antiphon/mqtt'],
    ['mqtts://h', 'needs a plain socket'],
    ['http://h', 'has the protocol http:'],
    ['nonsense', 'is not a URL'],
    ['ws://user:%@h', 'not percent-encoded'],
  ])('reject the URL %s', (url, text) => {
    expect(() => connect(url, { webSocket })).toThrow(text)
  })

  it('reject any URL of a cluster, and two users', () => {
    expect(() => connect(['ws://h', 'mqtt://h'], { webSocket })).toThrow('needs a plain socket')
    expect(() => connect('ws://a:b@h', { webSocket, username: 'c' })).toThrow('both name a user')
  })

  it('need a WebSocket where the runtime has none', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => connect('ws://h')).toThrow(
      'options.webSocket is not set, and this runtime has no WebSocket: set it to a class such as WebSocket of the npm package ws',
    )
  })

  it('take the WebSocket of the platform by default', () => {
    const platform = fakeWebSockets()
    vi.stubGlobal('WebSocket', platform.webSocket)
    webTransport('wss://h/mqtt?a=b')
      .connect$(1)
      .subscribe({ error: () => undefined })
      .unsubscribe()
    expect(platform.opened.map(({ url }) => url)).toEqual(['wss://h:443/mqtt?a=b'])
  })
})
