import type { Message } from '@antiphon/core'
import { filter, take } from 'rxjs'
import type { BrokerEvent } from '../../src/index.js'
import type { AnyPacket, Client, World } from '../world.js'

/** The fields of a CONNECT with a persistent session. */
export const persistent: AnyPacket = { clean: false, properties: { sessionExpiryInterval: 100 } }

export const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Subscribes a client at QoS 1. */
export function subscribe(client: Client, topicFilter: string): void {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topicFilter, qos: 1 }] })
}

/** Connects a client, subscribes it to a filter and discards its CONNACK and SUBACK. */
export function subscriber(
  world: World,
  clientId: string,
  topicFilter: string,
  connect: AnyPacket = {},
): Client {
  const client = world.join(clientId, connect)
  subscribe(client, topicFilter)
  client.take()
  return client
}

/** Publishes one message from a new connection. */
export function publish(world: World, message: AnyPacket): void {
  const from = world.join('from')
  from.send({ cmd: 'publish', messageId: 1, topic: 't', payload: 'the message', qos: 0, ...message })
  from.cut()
}

/** Returns the messages received since the last call as `topic: payload`, the payload cut to 11 characters. */
export function messages(client: Client): string[] {
  return client
    .take()
    .filter(({ cmd }) => cmd === 'publish')
    .map(({ topic, payload }) => `${topic}: ${String(payload).slice(0, 11)}`)
}

/** Calls `act` within an observer of `events$`, at the first event that matches. */
export function onFirst(
  world: World,
  isMatch: (event: BrokerEvent) => boolean,
  act: (event: BrokerEvent) => void,
): void {
  world.broker.events$.pipe(filter(isMatch), take(1)).subscribe(act)
}

/** A connected client in process. */
export interface InProcessClient {
  /** What its transport emitted: `online`, `offline` or `topic: payload`. */
  readonly received: string[]
  readonly publish: (topic: string, payload: string, qos?: 0 | 1) => void
  readonly subscribe: (topicFilter: string) => void
  readonly unsubscribe: (topicFilter: string) => void
  readonly close: () => void
}

/** Connects a client in process. Its methods act synchronously. */
export function connectInProcess(world: World, clientId: string): InProcessClient {
  const transport = world.broker.transport({ clientId })
  const received: string[] = []
  const record = ({ topic, payload }: Message): void => {
    received.push(`${topic}: ${Buffer.from(payload).toString().slice(0, 11)}`)
  }
  const connection = transport.connect$(1).subscribe({
    next: (event) => {
      if (event.type === 'online') received.push('online')
      if (event.type !== 'message') return
      record(event.message)
      event.acknowledge()
    },
    error: () => received.push('offline'),
  })
  world.advance()
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const ignore = { error: () => undefined }
  return {
    received,
    publish: (topic, payload, qos = 1) =>
      transport.publish$({ topic, payload: bytes(payload), qos }).subscribe(ignore),
    subscribe: (topicFilter) =>
      transport.subscribe$([{ filter: topicFilter, ...options }], undefined).subscribe(ignore),
    unsubscribe: (topicFilter) => transport.unsubscribe$([topicFilter]).subscribe(ignore),
    close: () => connection.unsubscribe(),
  }
}

/** Closes a broker, or waits until it is closed, with enough virtual time for all its timeouts. */
export async function closeBroker(world: World): Promise<void> {
  for (let round = 0; round < 10; round++) {
    world.advance(1_000)
    await world.settle()
  }
  await world.broker.close()
}
