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
  it('is answered filter by filter [MQTT-3.8.4-6]', () => {
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

  it('is refused with 0x80 and nothing else in 3.1.1', () => {
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

  it('is refused filter by filter beyond the number in one packet', () => {
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

  it('of what is not offered is refused', () => {
    const client = makeWorld({ wildcardSubscriptions: false, sharedSubscriptions: false }).join('a')
    expect(subscribe(client, 'a/+').granted).toEqual([0xa2])
    expect(subscribe(client, '$share/g/a').granted).toEqual([0x9e])
  })

  it.each([
    ['no filter [MQTT-3.8.3-2]', '82 03 0001 00', 0x82],
    ['a packet identifier of 0', '82 07 0000 00 0001 61 00', 0x82],
    ['reserved options [MQTT-3.8.3-5]', '82 07 0001 00 0001 61 40', 0x81],
    ['QoS 3', '82 07 0001 00 0001 61 03', 0x81],
    ['retain handling 3', '82 07 0001 00 0001 61 30', 0x82],
    ['subscription identifier 0', '82 09 0001 02 0b00 0001 61 00', 0x82],
    ['a filter that is not UTF-8', '82 07 0001 00 0001 ff 00', 0x81],
    ['no options behind a filter', '82 06 0001 00 0001 61', 0x81],
    ['No Local on a shared subscription [MQTT-3.8.3-4]', '82 10 0001 00 000a 24736861 72652f672f74 04', 0x82],
    ['UNSUBSCRIBE without a filter [MQTT-3.10.3-2]', 'a2 03 0001 00', 0x82],
  ])('is refused for %s', (_, digits, reasonCode) => {
    const client = makeWorld().join('a')
    client.take()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode }])
  })

  it('replaces the same filter without a gap [MQTT-3.8.4-3]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't', { qos: 0 }, 1)
    subscribe(client, 't', { qos: 1 }, 2)
    world.join('from').send(publish('t', { qos: 1, messageId: 1 }))
    expect(client.take()).toMatchObject([{ qos: 1, properties: { subscriptionIdentifier: 2 } }])
    expect(world.engine.router.subscriptionCount).toBe(1)
  })

  it('that overlaps makes one copy, at the highest QoS, with all identifiers [MQTT-3.3.4-2/4]', () => {
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

  it('leaves out `$` topics from wildcards [MQTT-4.7.2-1]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, '#')
    subscribe(client, '+/x')
    const from = world.join('from')
    from.send(publish('$SYS/x'))
    expect(count(client)).toBe(0)
    subscribe(client, '$SYS/#')
    from.send(publish('$SYS/x'))
    expect(count(client)).toBe(1)
  })

  it('with No Local leaves out one’s own [MQTT-3.8.3-3]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't', { nl: true })
    client.send(publish('t'))
    expect(count(client)).toBe(0)
    world.join('b').send(publish('t'))
    expect(count(client)).toBe(1)
  })

  it('keeps the retain flag only where it is to [MQTT-3.3.1-12/13]', () => {
    const world = makeWorld()
    const [plain, keeping] = [world.join('a'), world.join('b')]
    subscribe(plain, 't')
    subscribe(keeping, 't', { rap: true })
    world.join('from').send(publish('t', { retain: true }))
    expect(plain.take()).toMatchObject([{ retain: false }])
    expect(keeping.take()).toMatchObject([{ retain: true }])
  })

  it('is undone by UNSUBSCRIBE, filter by filter [MQTT-3.10.4-4, 3.11.3-1]', () => {
    const world = makeWorld()
    const client = world.join('a')
    subscribe(client, 't')
    client.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['t', 'never', 'bad#'] })
    expect(client.take()).toEqual([{ cmd: 'unsuback', messageId: 9, granted: [0, 0x11, 0x8f] }])
    world.join('from').send(publish('t'))
    expect(count(client)).toBe(0)
    const old = world.join('b', { protocolVersion: 4 })
    old.take()
    old.send({ cmd: 'unsubscribe', messageId: 9, unsubscriptions: ['t'] })
    expect(old.bytes().subarray(-4)).toEqual(hex('b0 02 0009'))
  })
})

describe('a shared subscription', () => {
  it('gives each message to one member, by turns', () => {
    const world = makeWorld()
    const members = ['a', 'b', 'c'].map((name) => member(world, name))
    const alone = world.join('alone')
    subscribe(alone, 't')
    const from = world.join('from')
    for (let index = 0; index < 9; index++) from.send(publish('t'))
    expect(members.map(count)).toEqual([3, 3, 3])
    expect(count(alone)).toBe(9)
  })

  it('prefers members that have room', () => {
    const world = makeWorld()
    const slow = member(world, 'slow', { properties: { receiveMaximum: 1 } })
    const fast = member(world, 'fast')
    const from = world.join('from')
    for (let index = 0; index < 6; index++) from.send(publish('t', { qos: 1, messageId: 1 + index }))
    expect([count(slow), count(fast)]).toEqual([1, 5])
  })

  it('gives what a lost member did not acknowledge to another', () => {
    const world = makeWorld()
    const lasting = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const [doomed, other] = [member(world, 'doomed', lasting), member(world, 'other')]
    const from = world.join('from')
    for (let index = 0; index < 4; index++) from.send(publish('t', { qos: 1, messageId: 1 + index }))
    expect([count(doomed), count(other)]).toEqual([2, 2])
    doomed.send({ cmd: 'puback', messageId: 1 })
    doomed.cut()
    expect(count(other)).toBe(1)
    expect(world.engine.sessions.get('doomed')?.outbound.heldBytes).toBe(0)
  })

  it('leaves QoS 2 that was sent with its member [MQTT-4.8.2-4/5]', () => {
    const world = makeWorld()
    const lasting = { clean: false, properties: { sessionExpiryInterval: 100 } }
    const [doomed, other] = [member(world, 'doomed', lasting), member(world, 'other')]
    world.join('from').send(publish('t', { qos: 2, messageId: 1 }))
    expect(count(doomed)).toBe(1)
    doomed.cut()
    expect(count(other)).toBe(0)
    expect(count(world.join('doomed', lasting))).toBe(1)
  })

  it('does not offer a message again that a member refused [MQTT-4.8.2-6]', () => {
    const world = makeWorld()
    const [first, second] = [member(world, 'first'), member(world, 'second')]
    world.join('from').send(publish('t', { qos: 1, messageId: 1 }))
    expect(count(first)).toBe(1)
    first.send({ cmd: 'puback', messageId: 1, reasonCode: 0x83 })
    expect(count(second)).toBe(0)
  })

  const lasting = { clean: false, properties: { sessionExpiryInterval: 100 } }

  it('is as if it were not there while nobody is connected', () => {
    const world = makeWorld()
    member(world, 'a', lasting).cut()
    const from = world.join('from')
    from.take()
    from.send(publish('t', { qos: 1, messageId: 1 }))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
  })

  it('waits for a member where it is told to, whichever comes first', () => {
    const world = makeWorld({ sharedOffline: 'queue' })
    member(world, 'a', lasting).cut()
    const from = world.join('from')
    from.take()
    from.send(publish('t', { qos: 1, messageId: 1 }))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0 }])
    const late = world.join('late')
    late.take()
    late.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 1 }] })
    expect(count(late)).toBe(1)
    expect(count(world.join('a', lasting))).toBe(0)
  })

  it('gets no retained messages', () => {
    const world = makeWorld()
    world.join('from').send(publish('t', { retain: true }))
    const client = world.join('a')
    subscribe(client, '$share/g/t')
    expect(count(client)).toBe(0)
  })
})
