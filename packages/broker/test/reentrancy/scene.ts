import type { Message } from '@antiphon/core'
import { filter, take } from 'rxjs'
import type { BrokerEvent } from '../../src/index.js'
import type { AnyPacket, Client, World } from '../world.js'

/** A session that outlives its connection. */
export const lasting: AnyPacket = { clean: false, properties: { sessionExpiryInterval: 100 } }

export const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Subscribes a client at QoS 1. */
export function subscribe(client: Client, topicFilter: string): void {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: topicFilter, qos: 1 }] })
}

/** A connected client that is subscribed to a filter, and was told so. */
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

/** Publishes one message from a connection of its own. */
export function publish(world: World, message: AnyPacket): void {
  const from = world.join('from')
  from.send({ cmd: 'publish', messageId: 1, topic: 't', payload: 'the message', qos: 0, ...message })
  from.cut()
}

/** What a client got since the last look: `topic: payload`, of which the beginning. */
export function messages(client: Client): string[] {
  return client
    .take()
    .filter(({ cmd }) => cmd === 'publish')
    .map(({ topic, payload }) => `${topic}: ${String(payload).slice(0, 11)}`)
}

/** Calls `act` within an observer of `events$`, at the first event that is wanted. */
export function onFirst(
  world: World,
  isWanted: (event: BrokerEvent) => boolean,
  act: (event: BrokerEvent) => void,
): void {
  world.broker.events$.pipe(filter(isWanted), take(1)).subscribe(act)
}

/** A client in process, connected. */
export interface InProcess {
  readonly heard: string[]
  readonly publish: (topic: string, payload: string, qos?: 0 | 1) => void
  readonly subscribe: (topicFilter: string) => void
  readonly unsubscribe: (topicFilter: string) => void
  readonly close: () => void
}

/** Connects a client in process; what it calls happens within the call. */
export function inProcess(world: World, clientId: string): InProcess {
  const transport = world.broker.transport({ clientId })
  const heard: string[] = []
  const hear = ({ topic, payload }: Message): void => {
    heard.push(`${topic}: ${Buffer.from(payload).toString().slice(0, 11)}`)
  }
  const connection = transport.connect$(1).subscribe({
    next: (event) => {
      if (event.type === 'online') heard.push('online')
      if (event.type !== 'message') return
      hear(event.message)
      event.acknowledge()
    },
    error: () => heard.push('offline'),
  })
  world.advance()
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const ignore = { error: () => undefined }
  return {
    heard,
    publish: (topic, payload, qos = 1) =>
      transport.publish$({ topic, payload: bytes(payload), qos }).subscribe(ignore),
    subscribe: (topicFilter) =>
      transport.subscribe$([{ filter: topicFilter, ...options }], undefined).subscribe(ignore),
    unsubscribe: (topicFilter) => transport.unsubscribe$([topicFilter]).subscribe(ignore),
    close: () => connection.unsubscribe(),
  }
}

/** Lets a broker close that was told to, whatever it waits for. */
export async function closed(world: World): Promise<void> {
  for (let round = 0; round < 10; round++) {
    world.advance(1_000)
    await world.settle()
  }
  await world.broker.close()
}
