import { describe, expect, it } from 'vitest'
import { bytes, recordingClient, startBroker } from '../virtual/recording-client.js'

const persistentSession = { clientId: 'alice', clean: false, sessionExpiryInterval: 60 } as const

describe('connection faults', () => {
  it.each([
    ['x', 'connect ! connection-lost', 'connect ! connection-lost'],
    ['X', 'connect ! connection-lost', 'connect ! connection-lost'],
    ['(xr)', 'connect ! connection-lost', 'online, session present'],
    ['(Xr)', 'connect ! connection-lost', 'online'],
    ['i', 'connect ! connection-lost', 'online, session present'],
    ['I', 'connect ! connection-lost', 'online'],
    ['k', 'connect ! connection-lost 152', 'online, session present'],
    ['t', 'connect ! connection-lost 142', 'online, session present'],
    ['b', 'connect ! connection-lost', 'online, session present'],
    ['B', 'connect ! connection-lost', 'online'],
    ['d', 'connect ! connection-lost', 'connect ! connection-lost'],
    ['(du)', 'connect ! connection-lost', 'online, session present'],
    ['(Du)', 'connect ! connection-lost', 'online'],
    ['(ni)', 'connect ! connection-lost', 'connect ! connection-refused 136'],
    ['(dxnish)', 'connect ! connection-lost', 'online, session present'],
    ['(niy)', 'connect ! connection-lost', 'online, session present'],
  ])('closes the connection after the script %s: %s, then %s', (script, ending, next) => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    alice.connect()
    broker.play(`----${script}`)
    settle(3)
    expect(alice.log).toEqual(['online'])
    settle(1)
    alice.connect()
    settle()
    expect(alice.log).toEqual(['online', ending, next])
  })

  it('affects one client or every client', () => {
    const { broker, settle } = startBroker()
    const [alice, bob] = ['alice', 'bob'].map((clientId) => recordingClient(broker.transport({ clientId })))
    alice?.connect()
    bob?.connect()
    settle()
    broker.play('i', { clientId: 'bob' })
    settle()
    expect([alice, bob].map((each) => each?.log.length)).toEqual([1, 2])
    broker.play('i')
    settle()
    expect(alice?.log.length).toBe(2)
  })

  it('delays every packet from slow to fast', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    broker.play('s 300ms f')
    alice.connect()
    settle(199)
    expect(alice.log).toEqual([])
    settle(200)
    expect(alice.log).toEqual(['online'])
    alice.publish('a', 'fast')
    settle()
    expect(alice.log).toEqual(['online', 'pub fast 16'])
  })

  it('ends a fault by its undo function and a script by unsubscribing', () => {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    for (const kind of ['cut', 'down'] as const) broker.inject({ kind })()
    for (const kind of ['restore', 'up'] as const) broker.inject({ kind })()
    alice.connect()
    settle()
    expect(alice.log).toEqual(['connect ! connection-lost'])
    for (const kind of ['restore', 'up'] as const) broker.inject({ kind })
    for (const kind of ['refuse-subscribe', 'refuse-publish'] as const)
      broker.inject({ kind, filter: 'a', reasonCode: 0x80 })()
    broker.inject({ kind: 'refuse-connect', reasonCode: 0x80 })()
    broker.inject({ kind: 'slow', by: 10 })()
    broker.play('--x').unsubscribe()
    alice.connect()
    settle(10)
    alice.subscribe('a')
    alice.publish('a', 'x')
    settle()
    expect(alice.log.slice(1)).toEqual(['online', 'sub a [1]', 'a=x', 'pub x 0'])
  })
})

describe('packet faults', () => {
  function connected() {
    const { broker, settle } = startBroker()
    const alice = recordingClient(broker.transport(persistentSession))
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 2 })
    settle()
    const send = (...texts: string[]): void => {
      for (const text of texts) broker.publish({ topic: 'a', payload: bytes(text), qos: 1 })
    }
    return { broker, settle, alice, send, received: () => alice.log.slice(2) }
  }

  it('drops a message, which is redelivered on the next connection', () => {
    const { broker, settle, alice, send, received } = connected()
    broker.play('o')
    settle()
    send('1', '2')
    settle()
    expect(received()).toEqual(['a=2'])
    broker.play('i')
    settle()
    alice.connect()
    settle()
    expect(received().slice(2)).toEqual(['online, session present', 'a=1 dup'])
  })

  it('duplicates, corrupts and malforms messages', () => {
    const { broker, settle, send, received, alice } = connected()
    broker.play('(wcm)')
    settle()
    send('1', '2')
    settle()
    expect(received()).toEqual(['malformed protocol', 'malformed protocol', 'a=2'])
    broker.play('w')
    settle()
    send('1', '2')
    settle()
    expect(received().slice(3)).toEqual(['a=1', 'a=1 dup', 'a=2'])
    broker.play('c')
    settle()
    send('1')
    settle()
    expect(alice.messages.at(-1)?.payload).toHaveLength(2)
    expect(alice.messages.at(-1)?.payload).not.toEqual(bytes('1'))
    expect(broker.session('alice')?.unacknowledged).toEqual([])
  })

  it('delays later messages, or reorders them', () => {
    const { broker, settle, send, received } = connected()
    broker.play('l')
    settle()
    send('1', '2')
    settle(9)
    expect(received()).toEqual([])
    settle(1)
    expect(received()).toEqual(['a=1', 'a=2'])
    broker.play('v')
    settle()
    send('3', '4')
    settle(10)
    expect(received().slice(2)).toEqual(['a=4', 'a=3'])
  })

  it('affects packets from the client', () => {
    const { broker, settle, alice, received } = connected()
    broker.play('O')
    settle()
    alice.publish('a', 'dropped')
    alice.publish('a', 'delivered')
    settle()
    expect(received()).toEqual(['a=delivered', 'pub delivered 0'])
    broker.inject({ kind: 'malform', direction: 'from-client' })
    alice.publish('a', 'malformed')
    settle()
    expect(received().at(-1)).toBe('connect ! connection-lost 129')
  })

  it('affects only packets selected by topic and type', () => {
    const { broker, settle, alice, received } = connected()
    broker.inject({ kind: 'drop', topic: 'b/#', times: 2 })
    broker.inject({ kind: 'reorder', packets: ['puback'] })
    alice.publish('a', '1')
    alice.subscribe('a')
    settle()
    expect(received()).toEqual(['a=1', 'sub a [1]'])
    settle(1)
    expect(received().at(-1)).toBe('pub 1 0')
  })

  it('affects random packets, the same for the same seed', () => {
    const receivedWithSeed = (seed: number): string => {
      const { broker, settle } = startBroker({ seed })
      const alice = recordingClient(broker.transport())
      alice.connect()
      settle()
      alice.subscribe('a')
      settle()
      broker.inject({ kind: 'drop', times: Infinity, probability: 0.5 })
      for (let sent = 0; sent < 64; sent++) broker.publish({ topic: 'a', payload: bytes(`${sent}`), qos: 0 })
      settle()
      return alice.log.slice(2).join()
    }
    expect(receivedWithSeed(1)).toBe(receivedWithSeed(1))
    expect(receivedWithSeed(1)).not.toBe(receivedWithSeed(2))
    expect(receivedWithSeed(1).split(',').length).toBeGreaterThan(16)
    expect(receivedWithSeed(1).split(',').length).toBeLessThan(48)
  })
})
