import { describe, expect, it } from 'vitest'
import { hex, makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const publish = (topic: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic,
  payload: 'p',
  qos: 0,
  ...more,
})

function subscribe(client: Client, filter: string, options: AnyPacket = {}, identifier?: number): AnyPacket {
  client.take()
  client.send({
    cmd: 'subscribe',
    messageId: 1,
    subscriptions: [{ topic: filter, qos: 2, ...options }],
    ...(identifier === undefined ? {} : { properties: { subscriptionIdentifier: identifier } }),
  })
  return client.first()
}

const member = (world: World, name: string, connect: AnyPacket = {}): Client => {
  const client = world.join(name, connect)
  subscribe(client, '$share/g/t')
  return client
}

const count = (client: Client): number => client.take().filter(({ cmd }) => cmd === 'publish').length

describe('SUBSCRIBE', () => {
  it('answers SUBSCRIBE with a reason code for each filter [MQTT-3.8.4-6]', () => {
    const world = makeWorld({
      maximumQoS: 1,
      limits: { topicLevels: 4, topicLength: 20, subscriptionsPerClient: 3 },
    })
    const client = world.join('a')
    client.take()
    const filters = [
      'a',
      'b/#',
      'b/#/c',
      'a+',
      '$share/g',
      '$share//t',
      '1/2/3/4/5',
      'x'.repeat(21),
      '$share/g/t',
      'z',
    ]
    const subscriptions = filters.map((topic) => ({ topic, qos: topic === 'a' ? 0 : 2 }))
    client.send({ cmd: 'subscribe', messageId: 7, subscriptions })
    expect(client.take()).toEqual([
      {
        cmd: 'suback',
        messageId: 7,
        granted: [0, 1, 0x8f, 0x8f, 0x8f, 0x8f, 0x8f, 0x8f, 1, 0x97],
      },
    ])
  })

  it('refuses a filter with 0x80 in 3.1.1', () => {
    const client = makeWorld().join('a', { protocolVersion: 4 })
    client.take()
    client.send({
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [
        { topic: 'a#', qos: 1 },
        { topic: 'a', qos: 1 },
      ],
    })
    expect(client.take()).toMatchObject([{ cmd: 'suback', granted: [0x80, 1] }])
  })

  it('refuses filters beyond limits.filtersPerSubscribe with 0x97', () => {
    const client = makeWorld({ limits: { filtersPerSubscribe: 1 } }).join('a')
    client.take()
    client.send({
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [
        { topic: 'a', qos: 1 },
        { topic: 'b', qos: 1 },
      ],
    })
    expect(client.take()).toMatchObject([{ granted: [1, 0x97] }])
  })

  it('refuses wildcard and shared subscriptions that are not offered', () => {
    const client = makeWorld({ wildcardSubscriptions: false, sharedSubscriptions: false }).join('a')
    expect(subscribe(client, 'a/+').granted).toEqual([0xa2])
    expect(subscribe(client, '$share/g/a').granted).toEqual([0x9e])
  })

  it.each([
    ['no filter [MQTT-3.8.3-2]', '82 03 0001 00', 0x82],
    ['a Packet Identifier of 0', '82 07 0000 00 0001 61 00', 0x82],
    ['reserved subscription options [MQTT-3.8.3-5]', '82 07 0001 00 0001 61 40', 0x81],
    ['QoS 3', '82 07 0001 00 0001 61 03', 0x81],
    ['Retain Handling 3', '82 07 0001 00 0001 61 30', 0x82],
    ['a Subscription Identifier of 0', '82 09 0001 02 0b00 0001 61 00', 0x82],
    ['a filter that is not valid UTF-8', '82 07 0001 00 0001 ff 00', 0x81],
    ['a filter without subscription options', '82 06 0001 00 0001 61', 0x81],
    ['No Local on a shared subscription [MQTT-3.8.3-4]', '82 10 0001 00 000a 24736861 72652f672f74 04', 0x82],
    ['UNSUBSCRIBE without a filter [MQTT-3.10.3-2]', 'a2 03 0001 00', 0x82],
  ])('disconnects on SUBSCRIBE with %s', (_, digits, reasonCode) => {
    const client = makeWorld().join('a')
    client.take()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode }])
  })

  it('replaces a subscription to the same filter [MQTT-3.8.4-3]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't', { qos: 0 }, 1)
    subscribe(client, 't', { qos: 1 }, 2)
    world.join('from').send(publish('t', { qos: 1, messageId: 1 }))
    expect(client.take()).toMatchObject([{ qos: 1, properties: { subscriptionIdentifier: 2 } }])
    expect(world.engine.router.subscriptionCount).toBe(1)
  })

  it('sends one copy to overlapping subscriptions at the highest QoS with all Subscription Identifiers [MQTT-3.3.4-2/4]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 'a/+', { qos: 0 }, 1)
    subscribe(client, 'a/b', { qos: 2 }, 2)
    subscribe(client, '#', { qos: 1 })
    world.join('from').send(publish('a/b', { qos: 2, messageId: 1 }))
    const [got, ...more] = client.take()
    expect(more).toEqual([])
    expect(got?.qos).toBe(2)
    expect([got?.properties?.subscriptionIdentifier].flat().sort()).toEqual([1, 2])
  })

  it('does not match topics that start with `$` by a wildcard on the first level [MQTT-4.7.2-1]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, '#')
    subscribe(client, '+/x')
    const from = world.join('from')
    from.send(publish('$own/x'))
    expect(count(client)).toBe(0)
    subscribe(client, '$own/#')
    from.send(publish('$own/x'))
    expect(count(client)).toBe(1)
  })

  it('does not send a message back to its publisher with No Local [MQTT-3.8.3-3]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't', { nl: true })
    client.send(publish('t'))
    expect(count(client)).toBe(0)
    world.join('b').send(publish('t'))
    expect(count(client)).toBe(1)
  })

  it('keeps RETAIN on forwarded messages only with Retain As Published [MQTT-3.3.1-12/13]', () => {
    const world = makeWorld()
    const [cleared, preserved] = [world.join('a'), world.join('b')]
    subscribe(cleared, 't')
    subscribe(preserved, 't', { rap: true })
    world.join('from').send(publish('t', { retain: true }))
    expect(cleared.take()).toMatchObject([{ retain: false }])
    expect(preserved.take()).toMatchObject([{ retain: true }])
  })

  it('answers UNSUBSCRIBE with a reason code for each filter and stops sending [MQTT-3.10.4-4, 3.11.3-1]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't')
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['t', 'never', 'bad#'] })
    expect(client.take()).toEqual([{ cmd: 'unsuback', messageId: 9, granted: [0, 0x11, 0x8f] }])
    world.join('from').send(publish('t'))
    expect(count(client)).toBe(0)
    const v311 = world.join('b', { protocolVersion: 4 })
    v311.take()
    v311.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['t'] })
    expect(v311.bytes().subarray(-4)).toEqual(hex('b0 02 0009'))
  })
})

describe('a shared subscription', () => {
  it('sends each message of a shared subscription to one member, in round-robin order', () => {
    const world = makeWorld()
    const members = ['a', 'b', 'c'].map((name) => member(world, name))
    const separate = world.join('separate')
    subscribe(separate, 't')
    const from = world.join('from')
    for (let index = 0; index < 9; index++) from.send(publish('t'))
    expect(members.map(count)).toEqual([3, 3, 3])
    expect(count(separate)).toBe(9)
  })

  it('prefers members of a shared subscription below their Receive Maximum', () => {
    const world = makeWorld()
    const slow = member(world, 'slow', { properties: { receiveMaximum: 1 } })
    const fast = member(world, 'fast')
    const from = world.join('from')
    for (let index = 0; index < 6; index++) from.send(publish('t', { qos: 1, messageId: 1 + index }))
    expect([count(slow), count(fast)]).toEqual([1, 5])
  })

  it('sends unacknowledged messages of a lost member to another member', () => {
    const world = makeWorld()
    const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const [lost, other] = [member(world, 'lost', persistent), member(world, 'other')]
    const from = world.join('from')
    for (let index = 0; index < 4; index++) from.send(publish('t', { qos: 1, messageId: 1 + index }))
    expect([count(lost), count(other)]).toEqual([2, 2])
    lost.send({ cmd: 'puback', messageId: 1 })
    lost.cut()
    expect(count(other)).toBe(1)
    expect(world.engine.sessions.get('lost')?.outbound.heldBytes).toBe(0)
  })

  it('keeps a QoS 2 message in flight with its lost member [MQTT-4.8.2-4/5]', () => {
    const world = makeWorld()
    const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const [lost, other] = [member(world, 'lost', persistent), member(world, 'other')]
    world.join('from').send(publish('t', { qos: 2, messageId: 1 }))
    expect(count(lost)).toBe(1)
    lost.cut()
    expect(count(other)).toBe(0)
    expect(count(world.join('lost', persistent))).toBe(1)
  })

  it('does not send a message that a member refused to another member [MQTT-4.8.2-6]', () => {
    const world = makeWorld()
    const [first, second] = [member(world, 'first'), member(world, 'second')]
    world.join('from').send(publish('t', { qos: 1, messageId: 1 }))
    expect(count(first)).toBe(1)
    first.send({ cmd: 'puback', messageId: 1, reasonCode: 0x83 })
    expect(count(second)).toBe(0)
  })

  const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }

  it('acknowledges with 0x10 while no member of a shared subscription is connected when sharedOffline is skip', () => {
    const world = makeWorld({ sharedOffline: 'skip' })
    member(world, 'a', persistent).cut()
    const from = world.join('from')
    from.take()
    from.send(publish('t', { qos: 1, messageId: 1 }))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
  })

  it('queues messages for the first member that connects by default', () => {
    const world = makeWorld()
    member(world, 'a', persistent).cut()
    const from = world.join('from')
    from.take()
    from.send(publish('t', { qos: 1, messageId: 1 }))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0 }])
    const late = world.join('late')
    late.take()
    late.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 1 }] })
    expect(count(late)).toBe(1)
    expect(count(world.join('a', persistent))).toBe(0)
  })

  it('keeps messages in order while no member of a shared subscription is connected', () => {
    const world = makeWorld()
    const members = [member(world, 'a', persistent), member(world, 'b', persistent)]
    const from = world.join('from')
    from.send(publish('t', { qos: 1, messageId: 1, payload: '1' }))
    for (const client of members.reverse()) client.cut()
    for (const text of ['2', '3']) from.send(publish('t', { qos: 1, messageId: 1, payload: text }))
    const payloads = world
      .join('b', persistent)
      .take()
      .flatMap(({ cmd, payload }) => (cmd === 'publish' ? [String(payload as Buffer)] : []))
    expect(payloads).toEqual(['1', '2', '3'])
  })

  it('queues messages for another member of a shared subscription when the queue of the first is full', () => {
    const world = makeWorld({ limits: { queueMessages: 2 } })
    for (const name of ['a', 'b']) member(world, name, persistent).cut()
    const from = world.join('from')
    from.take()
    for (let messageId = 1; messageId <= 5; messageId++) from.send(publish('t', { qos: 1, messageId }))
    expect(from.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0, 0, 0x97])
  })

  it('moves the messages of a member whose session expires to another disconnected member', () => {
    const world = makeWorld()
    const short = member(world, 'short', { ...persistent, properties: { sessionExpiryInterval: 1 } })
    const long = member(world, 'long', persistent)
    for (const client of [short, long]) client.cut()
    for (const messageId of [1, 2]) world.join('from').send(publish('t', { qos: 1, messageId }))
    world.advance(2_000)
    expect(count(world.join('long', persistent))).toBe(2)
  })

  it('does not move a message back to a member whose session ends last', () => {
    const world = makeWorld()
    member(world, 'a', { ...persistent, properties: { sessionExpiryInterval: 1 } }).cut()
    world.join('from').send(publish('t', { qos: 1, messageId: 1 }))
    world.advance(2_000)
    expect(world.engine.sessions.get('a')).toBeUndefined()
    expect(world.events).toContainEqual({ type: 'dropped', clientId: 'a', topic: 't', loss: 'session-ended' })
  })

  it('sends no retained messages to a shared subscription', () => {
    const world = makeWorld()
    world.join('from').send(publish('t', { retain: true }))
    const client = world.join('a')
    subscribe(client, '$share/g/t')
    expect(count(client)).toBe(0)
  })
})
