import { describe, expect, it } from 'vitest'
import { bytes, client, world } from '../virtual/client.js'

const remembered = { clientId: 'alice', clean: false, sessionExpiryInterval: 60 } as const

describe('a fault of the connection', () => {
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
  ])('%s ends the connection, and the next attempt ends so', (script, ending, next) => {
    const { broker, settle } = world()
    const alice = client(broker.transport(remembered))
    alice.connect()
    broker.play(`----${script}`)
    settle(3)
    expect(alice.log).toEqual(['online'])
    settle(1)
    alice.connect()
    settle()
    expect(alice.log).toEqual(['online', ending, next])
  })

  it('befalls one client or all', () => {
    const { broker, settle } = world()
    const [alice, bob] = ['alice', 'bob'].map((clientId) => client(broker.transport({ clientId })))
    alice?.connect()
    bob?.connect()
    settle()
    broker.play('i', { clientId: 'bob' })
    settle()
    expect([alice, bob].map((one) => one?.log.length)).toEqual([1, 2])
    broker.play('i')
    settle()
    expect(alice?.log.length).toBe(2)
  })

  it('makes a peer slow and fast again', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport(remembered))
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

  it('can be taken back, and a script can be stopped', () => {
    const { broker, settle } = world()
    const alice = client(broker.transport(remembered))
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

describe('a fault of packets', () => {
  function connected() {
    const { broker, settle } = world()
    const alice = client(broker.transport(remembered))
    alice.connect()
    settle()
    alice.subscribe('a', { qos: 2 })
    settle()
    const send = (...texts: string[]): void => {
      for (const text of texts) broker.publish({ topic: 'a', payload: bytes(text), qos: 1 })
    }
    return { broker, settle, alice, send, received: () => alice.log.slice(2) }
  }

  it('loses a message, which comes again with the next connection', () => {
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

  it('doubles, garbles and malforms', () => {
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

  it('holds up what follows, or is overtaken by it', () => {
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

  it('strikes what comes from the client as well', () => {
    const { broker, settle, alice, received } = connected()
    broker.play('O')
    settle()
    alice.publish('a', 'lost')
    alice.publish('a', 'kept')
    settle()
    expect(received()).toEqual(['a=kept', 'pub kept 0'])
    broker.inject({ kind: 'malform', direction: 'from-client' })
    alice.publish('a', 'broken')
    settle()
    expect(received().at(-1)).toBe('connect ! connection-lost 129')
  })

  it('strikes the chosen packets only', () => {
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

  it('strikes by chance, the same for the same seed', () => {
    const struck = (seed: number): string => {
      const { broker, settle } = world({ seed })
      const alice = client(broker.transport())
      alice.connect()
      settle()
      alice.subscribe('a')
      settle()
      broker.inject({ kind: 'drop', times: Infinity, probability: 0.5 })
      for (let sent = 0; sent < 64; sent++) broker.publish({ topic: 'a', payload: bytes(`${sent}`), qos: 0 })
      settle()
      return alice.log.slice(2).join()
    }
    expect(struck(1)).toBe(struck(1))
    expect(struck(1)).not.toBe(struck(2))
    expect(struck(1).split(',').length).toBeGreaterThan(16)
    expect(struck(1).split(',').length).toBeLessThan(48)
  })
})
