import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type {
  ClientDisconnection,
  UnsubscribeAttempt,
  UnsubscribeVerdict,
} from '../../src/authority/authority.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const unsubscribe = (...unsubscriptions: string[]): AnyPacket => ({
  cmd: 'unsubscribe',
  messageId: 2,
  unsubscriptions,
})

function subscribed(world: World, clientId: string, ...filters: string[]): Client {
  const client = world.join(clientId)
  const subscriptions = filters.map((topic) => ({ topic, qos: 1 }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  client.take()
  return client
}

describe('authorizeUnsubscribe', () => {
  it('decides on each Topic Filter, and keeps a refused subscription', () => {
    const attempts: UnsubscribeAttempt[] = []
    const verdicts: Record<string, UnsubscribeVerdict> = { keep: { refuse: 0x87 }, odd: { refuse: 0x9e } }
    const world = makeWorld({
      authority: {
        authorizeUnsubscribe: (attempt) => {
          attempts.push(attempt)
          return verdicts[attempt.filter] ?? 'allow'
        },
      },
    })
    const client = subscribed(world, 'a', 'keep', 'go', 'odd')
    client.send(unsubscribe('keep', 'go', 'absent', 'odd'))
    expect(client.take()).toMatchObject([{ cmd: 'unsuback', granted: [0x87, 0, 0x11, 0x80] }])
    expect(attempts.map(({ filter, isSubscribed }) => [filter, isSubscribed])).toEqual([
      ['keep', true],
      ['go', true],
      ['absent', false],
      ['odd', true],
    ])
    expect(attempts[0]?.client).toMatchObject({ clientId: 'a' })
    expect(world.broker.session('a')?.subscriptions.map(({ filter }) => filter)).toEqual(['keep', 'odd'])
  })

  it('refuses with 0x87 for a reason code that is no error', () => {
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => ({ refuse: 0 }) } })
    const client = subscribed(world, 'a', 't')
    client.send(unsubscribe('t'))
    expect(client.take()).toMatchObject([{ granted: [0x87] }])
  })

  it('removes the subscription of a 3.1.1 client although it is refused, since UNSUBACK cannot say so', () => {
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => ({ refuse: 0x87 }) } })
    const client = world.join('a', { protocolVersion: 4 })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    client.send(unsubscribe('t'))
    expect(client.take().at(-1)).toMatchObject({ cmd: 'unsuback' })
    expect(world.engine.router.subscriptionCount).toBe(0)
  })

  it('handles the packets after an UNSUBSCRIBE when the hook has answered', async () => {
    const response = new Subject<UnsubscribeVerdict>()
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => response } })
    const client = subscribed(world, 'a', 't')
    client.send(unsubscribe('t'))
    client.send({ cmd: 'pingreq' })
    expect(client.take()).toEqual([])
    response.next('allow')
    await world.settle()
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['unsuback', 'pingresp'])
  })

  it('keeps the subscription when the client has disconnected before the hook answers', async () => {
    const response = new Subject<UnsubscribeVerdict>()
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => response } })
    const client = world.join('a', { clean: false, properties: { sessionExpiryInterval: 100 } })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    client.send(unsubscribe('t'))
    client.cut()
    response.next('allow')
    await world.settle()
    expect(world.engine.router.subscriptionCount).toBe(1)
  })

  it('answers an in-process client when the hook has answered', async () => {
    const response = new Subject<UnsubscribeVerdict>()
    const world = makeWorld({ authority: { authorizeUnsubscribe: () => response } })
    const log: string[] = []
    const transport = world.broker.transport({ clientId: 'a' })
    transport.connect$(1).subscribe()
    world.advance()
    const request = {
      filter: 't',
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const
    transport.subscribe$([request]).subscribe((codes) => log.push(`subscribed ${codes.join()}`))
    world.advance()
    transport.unsubscribe$(['t']).subscribe((codes) => log.push(`unsubscribed ${codes.join()}`))
    world.advance()
    expect(log).toEqual(['subscribed 1'])
    response.next({ refuse: 0x87 })
    await world.settle()
    expect(log).toEqual(['subscribed 1', 'unsubscribed 135'])
  })
})

describe('onDisconnect', () => {
  const makeLog = (): { readonly world: World; readonly log: ClientDisconnection[] } => {
    const log: ClientDisconnection[] = []
    const world = makeWorld({
      authority: {
        authenticate: ({ clientId }) =>
          clientId === 'no' ? { admit: false, reasonCode: 0x87 } : { admit: true },
        onDisconnect: (disconnection) => {
          log.push(disconnection)
        },
      },
    })
    return { world, log }
  }
  const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
  const end = (reasonCode: number, properties = {}): AnyPacket => ({
    cmd: 'disconnect',
    reasonCode,
    properties,
  })

  it.each<[string, AnyPacket, (client: Client, world: World) => void, Partial<ClientDisconnection>]>([
    [
      'a DISCONNECT',
      {},
      (client) => client.send(end(0)),
      { by: 'client', isClean: true, isSessionKept: false },
    ],
    [
      'a DISCONNECT of a persistent session',
      persistent,
      (client) => client.send(end(0)),
      { by: 'client', isClean: true, isSessionKept: true, reasonCode: 0 },
    ],
    [
      'a DISCONNECT that ends the session',
      persistent,
      (client) => client.send(end(0, { sessionExpiryInterval: 0 })),
      { isClean: true, isSessionKept: false },
    ],
    [
      'a DISCONNECT with Will',
      persistent,
      (client) => client.send(end(4)),
      { by: 'client', isClean: false, isSessionKept: true, reasonCode: 4 },
    ],
    [
      'a lost connection',
      persistent,
      (client) => client.cut(),
      { by: 'network', isClean: false, isSessionKept: true },
    ],
    [
      'the operator',
      persistent,
      (_, { broker }) => broker.disconnect('a'),
      { by: 'broker', isClean: false, isSessionKept: true, reasonCode: 0x98 },
    ],
  ])('receives how the connection ended: %s', (_, connect, act, expected) => {
    const { world, log } = makeLog()
    act(world.join('a', connect), world)
    expect(log).toHaveLength(1)
    expect(log[0]).toMatchObject({ client: { clientId: 'a' }, ...expected })
    const event = world.events.find(({ type }) => type === 'disconnected')
    expect(event).toEqual({ type: 'disconnected', ...log[0] })
  })

  it('is not called for a client that was not admitted', () => {
    const { world, log } = makeLog()
    world.join('no').cut()
    expect(log).toEqual([])
  })

  it('may call the broker, and is reported when it throws', () => {
    const world = makeWorld({
      authority: {
        onDisconnect: ({ client }) => {
          expect(world.broker.forget(client.clientId)).toBe(true)
          throw new Error('no room for the log')
        },
      },
    })
    world.join('a', persistent).cut()
    expect(world.broker.sessions()).toEqual([])
    expect(world.events.at(-1)).toMatchObject({ type: 'hook-failed', hook: 'onDisconnect', clientId: 'a' })
  })

  it('is called for an in-process client', () => {
    const { world, log } = makeLog()
    const transport = world.broker.transport({ clientId: 'inside' })
    transport.connect$(1).subscribe()
    world.advance()
    transport.disconnect$().subscribe()
    world.advance()
    expect(log).toMatchObject([
      { client: { clientId: 'inside' }, by: 'client', isClean: true, isSessionKept: false },
    ])
  })
})
