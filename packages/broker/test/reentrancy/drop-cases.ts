import type { BrokerOptions, DropReason } from '../../src/index.js'
import type { AnyPacket, World } from '../world.js'
import { persistent, publish, subscriber } from './clients.js'

/** A way to make the session `victim` lose a message of topic `t` while a message is routed. */
export interface DropCase {
  readonly options: BrokerOptions
  readonly loss: DropReason
  /** The message whose routing causes the drop. */
  readonly message: AnyPacket
  /** Creates `victim` so that routing `message` drops one of its messages. */
  readonly arrange: (world: World) => void
}

const filling = { qos: 1, payload: 'filling' }
const large = 'the message' + 'x'.repeat(100)

function withFullQueue(world: World, first: AnyPacket = {}): void {
  subscriber(world, 'victim', 't', persistent).cut()
  publish(world, { ...filling, ...first })
}

/** All drop cases with their titles. */
export const dropCases: readonly (readonly [title: string, drop: DropCase])[] = [
  [
    'queue full',
    {
      options: { limits: { queueMessages: 1 } },
      loss: 'queue-full',
      message: { qos: 1 },
      arrange: withFullQueue,
    },
  ],
  [
    'queue full, oldest message dropped',
    {
      options: { limits: { queueMessages: 1 }, queuePolicy: 'drop-oldest' },
      loss: 'queue-full',
      message: { qos: 1 },
      arrange: withFullQueue,
    },
  ],
  [
    'queue full, slow client disconnected',
    {
      options: { limits: { queueMessages: 1 }, queuePolicy: 'disconnect' },
      loss: 'queue-full',
      message: { qos: 1 },
      arrange: (world) => {
        subscriber(world, 'victim', 't')
        publish(world, filling)
      },
    },
  ],
  [
    'queue full of expired messages',
    {
      options: { limits: { queueMessages: 1 } },
      loss: 'expired',
      message: { qos: 1 },
      arrange: (world) => {
        withFullQueue(world, { properties: { messageExpiryInterval: 1 } })
        world.advance(2_000)
      },
    },
  ],
  [
    'larger than Maximum Packet Size, QoS 0',
    {
      options: {},
      loss: 'too-large',
      message: { payload: large },
      arrange: (world) => void subscriber(world, 'victim', 't', { properties: { maximumPacketSize: 50 } }),
    },
  ],
  [
    'larger than Maximum Packet Size, QoS 1',
    {
      options: {},
      loss: 'too-large',
      message: { payload: large, qos: 1 },
      arrange: (world) => void subscriber(world, 'victim', 't', { properties: { maximumPacketSize: 50 } }),
    },
  ],
  [
    'slow consumer',
    {
      options: { limits: { unreadBytes: 1 } },
      loss: 'slow-consumer',
      message: {},
      arrange: (world) => {
        subscriber(world, 'victim', 't').channel.isBlocked = true
        publish(world, { payload: 'filling' })
      },
    },
  ],
]
