import { AntiphonError } from '@antiphon/core'
import type { TransportEvent } from '@antiphon/core/link'
import { type WebOptions, webTransport } from '@antiphon/mqtt/web'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { subscribeRequest, textMessage } from '../test-connection.js'
import { type FakeWebSocket, fakeWebSockets, packetsOf } from './fake-web-socket.js'

const accepted = [0x20, 3, 0, 0, 0]
const acceptedOn4 = [0x20, 2, 0, 0]

/** Lets the microtasks run in which packets are written and streams are closed. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Attempt {
  readonly transport: ReturnType<typeof webTransport>
  readonly socket: FakeWebSocket
  readonly events: readonly TransportEvent[]
  readonly ended: readonly (AntiphonError | 'complete')[]
  readonly drop: () => void
  /** Advances the virtual time. */
  readonly wait: (milliseconds: number) => Promise<void>
}

/** Connects over a fake WebSocket, on virtual time, and opens it. */
async function connecting(options: WebOptions = {}): Promise<Attempt> {
  const { webSocket, opened } = fakeWebSockets()
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  const transport = webTransport('ws://broker.example/mqtt', { webSocket, scheduler, ...options })
  const events: TransportEvent[] = []
  const ended: (AntiphonError | 'complete')[] = []
  const subscription = transport.connect$(1).subscribe({
    next: (event) => events.push(event),
    error: (error: unknown) => ended.push(AntiphonError.from(error)),
    complete: () => ended.push('complete'),
  })
  const [socket] = opened
  if (socket === undefined) throw new Error('no WebSocket was opened')
  socket.open()
  await settled()
  return {
    ...{ transport, socket, events, ended },
    drop: () => subscription.unsubscribe(),
    wait: async (milliseconds) => {
      scheduler.maxFrames += milliseconds
      scheduler.flush()
      await settled()
    },
  }
}

async function online(options: WebOptions = {}): Promise<Attempt> {
  const attempt = await connecting(options)
  attempt.socket.receive(...(options.protocolVersion === 4 ? acceptedOn4 : accepted))
  expect(attempt.events).toMatchObject([{ type: 'online' }])
  return attempt
}

const lastPacket = ({ socket }: Attempt, version: 4 | 5 = 5): unknown => packetsOf(socket, version).at(-1)

/** Expects the connection to have ended with an error. */
const expectError = (
  { ended }: Attempt,
  text: string,
  fields: object = { code: 'connection-lost' },
): void => {
  expect(ended).toHaveLength(1)
  expect(ended[0]).toMatchObject({ ...fields, message: expect.stringContaining(text) as string })
}

describe('CONNECT over the WebSocket of the platform', () => {
  it('carries all options on MQTT 5, to the URL with the subprotocol of MQTT', async () => {
    const { socket } = await connecting({
      clientId: 'phone',
      clean: false,
      keepalive: 30,
      username: 'user',
      password: Uint8Array.of(0xff, 0),
      will: {
        topic: 'gone',
        payload: 'bye',
        qos: 1,
        retain: true,
        willDelayInterval: 5,
        contentType: 'text',
      },
      properties: {
        sessionExpiryInterval: 600,
        receiveMaximum: 10,
        topicAliasMaximum: 3,
        userProperties: [['a', 'b']],
      },
    })
    expect([socket.url, socket.protocol]).toEqual(['ws://broker.example:80/mqtt', 'mqtt'])
    expect(packetsOf(socket)).toMatchObject([
      {
        cmd: 'connect',
        protocolVersion: 5,
        clientId: 'phone',
        clean: false,
        keepalive: 30,
        username: 'user',
        password: Buffer.from([0xff, 0]),
        will: {
          ...{ topic: 'gone', payload: Buffer.from('bye'), qos: 1, retain: true },
          properties: { willDelayInterval: 5, contentType: 'text' },
        },
        properties: {
          ...{ sessionExpiryInterval: 600, receiveMaximum: 10, topicAliasMaximum: 3 },
          requestResponseInformation: true,
          userProperties: { a: 'b' },
        },
      },
    ])
  })

  it('carries no properties on MQTT 3.1.1', async () => {
    const { socket } = await connecting({ protocolVersion: 4, will: { topic: 'gone' } })
    expect(packetsOf(socket, 4)).toMatchObject([
      { cmd: 'connect', protocolVersion: 4, clean: true, keepalive: 60, will: { topic: 'gone', qos: 0 } },
    ])
  })

  it('resumes the session on the second connection and ends it on disconnect', async () => {
    const { webSocket, opened } = fakeWebSockets()
    const transport = webTransport('ws://h', { webSocket })
    for (const _ of [1, 2]) {
      const connection = transport.connect$(1).subscribe({ error: () => undefined })
      opened.at(-1)?.open()
      await settled()
      opened.at(-1)?.receive(...accepted)
      if (opened.length === 1) connection.unsubscribe()
    }
    expect(opened.map((socket) => packetsOf(socket)[0])).toMatchObject([{ clean: true }, { clean: false }])
    const isDone = vi.fn()
    transport.disconnect$().subscribe({ complete: isDone })
    expect(packetsOf(opened[1] as FakeWebSocket).at(-1)).toMatchObject({
      cmd: 'disconnect',
      reasonCode: 0,
      properties: { sessionExpiryInterval: 0 },
    })
    expect(isDone).not.toHaveBeenCalled()
    opened[1]?.onclose?.({})
    expect(isDone).toHaveBeenCalledOnce()
  })

  it('fails if CONNACK does not arrive in time', async () => {
    const attempt = await connecting({ connectTimeout: 5_000 })
    await attempt.wait(4_999)
    expect(attempt.ended).toEqual([])
    await attempt.wait(1)
    expectError(attempt, 'the broker has not sent CONNACK within 5000 ms; does the port expect')
  })

  it('has reached no broker if the WebSocket does not open', async () => {
    const { webSocket, opened } = fakeWebSockets()
    const ended: unknown[] = []
    webTransport('ws://h', { webSocket })
      .connect$(1)
      .subscribe({ error: (error: unknown) => ended.push(error) })
    opened[0]?.onerror?.({})
    await settled()
    expect(ended).toMatchObject([
      {
        code: 'connection-lost',
        phase: 'before-network',
        rawMessage: 'cannot connect to ws://h:80/: WebSocket error; check the URL',
      },
    ])
  })

  it('fails once if closing a WebSocket that has not opened emits another error, as in Node 22', async () => {
    const { webSocket, opened } = fakeWebSockets()
    const ended: unknown[] = []
    webTransport('ws://h', { webSocket })
      .connect$(1)
      .subscribe({ error: (error: unknown) => ended.push(error) })
    const [socket] = opened
    if (socket === undefined) throw new Error('no WebSocket was opened')
    socket.close = () => socket.onerror?.({ message: 'closed while connecting' })
    socket.onerror?.({ message: 'refused' })
    await settled()
    expect(ended).toMatchObject([{ rawMessage: expect.stringContaining('refused') as string }])
  })

  it('may have reached a broker if an open WebSocket fails before CONNACK', async () => {
    const attempt = await connecting()
    attempt.socket.onerror?.({ message: 'reset' })
    await settled()
    expectError(attempt, 'cannot connect to ws://broker.example:80/mqtt: reset', { phase: 'after-network' })
  })
})

describe('CONNACK over the WebSocket of the platform', () => {
  it('states the limits of the broker', async () => {
    const { socket, events } = await connecting()
    socket.receive(0x20, 17, 0, 0, 14, 0x21, 0, 9, 0x24, 1, 0x27, 0, 0, 1, 0, 0x25, 0, 0x2a, 0)
    expect(events).toMatchObject([
      {
        type: 'online',
        info: {
          ...{ receiveMaximum: 9, maximumQoS: 1, maximumPacketSize: 256 },
          ...{ retainAvailable: false, sharedSubscriptions: false, sessionPresent: false },
        },
      },
    ])
  })

  it.each<[4 | 5, number[], string, number]>([
    [
      5,
      [0x20, 3, 0, 0x87, 0],
      'refused the connection: not authorized (0x87): check what the broker allows',
      0x87,
    ],
    [4, [0x20, 2, 0, 4], 'refused the connection: bad user name or password (4): check username', 4],
    [
      5,
      [0x20, 2, 0, 1],
      'unacceptable protocol version (1): the broker does not speak this version of MQTT',
      1,
    ],
  ])('that refuses MQTT %i ends with its reason', async (protocolVersion, connack, text, reasonCode) => {
    const attempt = await connecting({ protocolVersion })
    attempt.socket.receive(...connack)
    await settled()
    expectError(attempt, text, { code: 'connection-refused', reasonCode })
    expect(attempt.socket.readyState).toBe(2)
  })

  it.each<[string, number[], string]>([
    ['Session Present after Clean Start', [0x20, 3, 1, 0, 0], '[MQTT-3.2.2-2]'],
    ['reserved flags', [0x20, 3, 4, 0, 0], '[MQTT-3.2.2-1]'],
    [
      'text of an HTTP server',
      [...Buffer.from('HTTP/1.1 400')],
      'the server does not speak MQTT: it sent "HTTP/1.1 400"',
    ],
  ])('is rejected with %s', async (_, bytes, text) => {
    const attempt = await connecting()
    attempt.socket.receive(...bytes)
    await settled()
    expectError(attempt, text)
    expect(packetsOf(attempt.socket)).toHaveLength(1)
  })

  it('is read from several frames, and packets that follow it in its frame are handled', async () => {
    const { socket, events } = await connecting()
    socket.receive()
    socket.receive(0x20, 3, 0)
    socket.receive(0, 0, 0x30, 5, 0, 1, 0x61, 0, 0x78)
    expect(events).toMatchObject([{ type: 'online' }, { type: 'message', message: { topic: 'a' } }])
  })
})

describe('the keepalive over the WebSocket of the platform', () => {
  const pings = ({ socket }: Attempt): number =>
    packetsOf(socket).filter(({ cmd }) => cmd === 'pingreq').length

  it('sends PINGREQ within the Keep Alive and fails if nothing arrives until the next', async () => {
    const attempt = await online()
    await attempt.wait(44_999)
    expect(pings(attempt)).toBe(0)
    await attempt.wait(1)
    attempt.socket.receive(0xd0, 0)
    await attempt.wait(45_000)
    expect([pings(attempt), attempt.ended]).toEqual([2, []])
    await attempt.wait(45_000)
    expectError(attempt, 'Keep Alive timeout: the broker has sent nothing for 45000 ms')
    expect(pings(attempt)).toBe(2)
  })

  it('counts every packet of the broker as a sign of life', async () => {
    const attempt = await online({ keepalive: 4 })
    await attempt.wait(3_000)
    attempt.socket.receive(0x30, 4, 0, 1, 0x61, 0)
    await attempt.wait(3_000)
    expect([pings(attempt), attempt.ended]).toEqual([2, []])
  })

  it.each([0, 60])('uses the Server Keep Alive in place of %i', async (keepalive) => {
    const attempt = await connecting({ keepalive })
    attempt.socket.receive(0x20, 6, 0, 0, 3, 0x13, 0, 4)
    await attempt.wait(3_000)
    expect(pings(attempt)).toBe(1)
  })

  it('sends no PINGREQ if it is switched off', async () => {
    const attempt = await online({ keepalive: 0 })
    await attempt.wait(1_000_000)
    expect([pings(attempt), attempt.ended]).toEqual([0, []])
  })

  it('ends with the connection', async () => {
    const attempt = await online({ keepalive: 4 })
    attempt.drop()
    await attempt.wait(3_000)
    expect(pings(attempt)).toBe(0)
    expect(attempt.socket.readyState).toBe(2)
  })
})

describe('packets over the WebSocket of the platform', () => {
  it('subscribes and unsubscribes with the reason codes of the broker', async () => {
    const attempt = await online()
    const codes: unknown[] = []
    attempt.transport
      .subscribe$([subscribeRequest('a'), subscribeRequest('b')])
      .subscribe((all) => codes.push(all))
    await settled()
    expect(lastPacket(attempt)).toMatchObject({ cmd: 'subscribe', messageId: 1 })
    attempt.socket.receive(0x90, 5, 0, 1, 0, 1, 0x87)
    attempt.transport.unsubscribe$(['a']).subscribe((all) => codes.push(all))
    await settled()
    expect(lastPacket(attempt)).toMatchObject({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['a'] })
    attempt.socket.receive(0xb0, 4, 0, 2, 0, 0x11)
    expect(codes).toEqual([[1, 0x87], [0x11]])
  })

  it('unsubscribes on MQTT 3.1.1, where UNSUBACK has no reason codes', async () => {
    const attempt = await online({ protocolVersion: 4 })
    const codes: unknown[] = []
    attempt.transport.unsubscribe$(['a', 'b']).subscribe((all) => codes.push(all))
    attempt.socket.receive(0xb0, 2, 0, 1)
    expect(codes).toEqual([[0, 0]])
  })

  it('publishes and settles with PUBACK', async () => {
    const attempt = await online()
    const acks: unknown[] = []
    attempt.transport.publish$(textMessage('a', 'x', { qos: 1 })).subscribe((ack) => acks.push(ack))
    await settled()
    expect(lastPacket(attempt)).toMatchObject({ cmd: 'publish', topic: 'a', qos: 1, messageId: 1 })
    attempt.socket.receive(0x40, 3, 0, 1, 0x10)
    expect(acks).toEqual([{ reasonCode: 0x10 }])
  })

  it('sends a publish again in a resumed session after the connection is lost', async () => {
    const { webSocket, opened } = fakeWebSockets()
    const transport = webTransport('ws://h', { webSocket, clientId: 'c', clean: false })
    const connect = async (connack: readonly number[]): Promise<FakeWebSocket> => {
      transport.connect$(1).subscribe({ error: () => undefined })
      const socket = opened.at(-1) as FakeWebSocket
      socket.open()
      await settled()
      socket.receive(...connack)
      return socket
    }
    const first = await connect(accepted)
    transport.publish$(textMessage('a', 'x', { qos: 2 })).subscribe((event) => {
      if (event.reasonCode === undefined) event.resend()
    })
    await settled()
    expect(packetsOf(first).at(-1)).toMatchObject({ cmd: 'publish', dup: false, messageId: 1 })
    first.onclose?.({})
    const second = await connect([0x20, 3, 1, 0, 0])
    await settled()
    expect(packetsOf(second).at(-1)).toMatchObject({ cmd: 'publish', dup: true, messageId: 1, qos: 2 })
  })

  it('reports the DISCONNECT of the broker', async () => {
    const attempt = await online()
    attempt.socket.receive(0xe0, 1, 0x8e)
    await settled()
    expectError(attempt, 'ended the connection: session taken over (0x8e): another client connected', {
      code: 'connection-lost',
      reasonCode: 0x8e,
    })
  })

  it('names the server that the broker refers to in its DISCONNECT', async () => {
    const attempt = await online()
    attempt.socket.receive(0xe0, 9, 0x9c, 7, 0x1c, 0, 4, ...Buffer.from('b2:1'))
    await settled()
    expectError(attempt, 'ended the connection: use another server (0x9c): b2:1', { reasonCode: 0x9c })
  })

  it('ends in order with DISCONNECT, and drops without', async () => {
    const attempt = await online({ protocolVersion: 4 })
    attempt.transport.disconnect$().subscribe()
    expect(lastPacket(attempt, 4)).toMatchObject({ cmd: 'disconnect' })
    attempt.socket.onclose?.({})
    expect(attempt.ended).toEqual(['complete'])
    const dropped = await online()
    dropped.drop()
    expect(lastPacket(dropped)).toMatchObject({ cmd: 'connect' })
    expect(dropped.socket.readyState).toBe(2)
  })

  it('keeps the session on disconnect with keepSession', async () => {
    const attempt = await online()
    attempt.transport.disconnect$({ keepSession: true }).subscribe()
    expect(lastPacket(attempt)).toMatchObject({ cmd: 'disconnect' })
    expect(lastPacket(attempt)).not.toHaveProperty('properties')
  })

  it.each<[string, number[], string, number]>([
    ['AUTH', [0xf0, 0], '[MQTT-4.12.0-6]', 0x82],
    ['a packet of clients', [0xc0, 0], 'may not send the fixed header 0xc0 [MQTT-2.1.3-1]', 0x81],
    ['reserved flags of SUBACK', [0x91, 4, 0, 1, 0, 0], '[MQTT-2.1.3-1]', 0x81],
    ['a second CONNACK', accepted, '[MQTT-3.2.0-2]', 0x82],
    ['a PINGRESP with a body', [0xd0, 1, 0], 'PINGRESP has a body', 0x81],
    ['a Topic Alias above the maximum', [0x30, 8, 0, 1, 0x61, 3, 0x23, 0, 2, 0x78], '[MQTT-3.3.2-9]', 0x94],
    ['an unknown Topic Alias', [0x30, 6, 0, 0, 3, 0x23, 0, 1], 'Topic Alias 1 before its topic', 0x82],
    ['a packet above the Maximum Packet Size', [0x30, 0x7f], '[MQTT-3.1.2-24]', 0x95],
  ])('sends DISCONNECT with the reason code after %s', async (_, bytes, text, reasonCode) => {
    const attempt = await online({ properties: { maximumPacketSize: 100, topicAliasMaximum: 1 } })
    attempt.socket.receive(...bytes)
    await settled()
    expectError(attempt, text)
    expect(lastPacket(attempt)).toMatchObject({ cmd: 'disconnect', reasonCode })
  })

  it('closes an MQTT 3.1.1 connection without DISCONNECT after a packet that breaks a rule', async () => {
    const attempt = await online({ protocolVersion: 4 })
    attempt.socket.receive(0xe0, 0)
    await settled()
    expectError(attempt, 'may not send DISCONNECT')
    expect(lastPacket(attempt, 4)).toMatchObject({ cmd: 'connect' })
  })

  it('fails on a text frame', async () => {
    const attempt = await online()
    attempt.socket.onmessage?.({ data: 'text' })
    await settled()
    expectError(attempt, '[MQTT-6.0.0-1]')
  })
})
