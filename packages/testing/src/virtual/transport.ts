import { AntiphonError, type Message } from '@antiphon/core'
import type { SubscribeRequest, Transport, TransportEvent } from '@antiphon/core/link'
import { Observable, type Subscriber } from 'rxjs'
import { clientSession } from './client-session.js'
import type { ClientReceiver, End } from './connection.js'
import type {
  AnswerPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  PublishPacket,
  ServerPacket,
} from './packet.js'

/** Opens a connection to the broker. */
export type Dial = (client: ClientReceiver) => End<ClientPacket>

/** A connection as its client sees it. */
interface Conversation {
  readonly end: End<ClientPacket>
  readonly subscriber: Subscriber<TransportEvent>
  readonly requests: Map<number, Subscriber<readonly number[]>>
  /** Told when the connection is gone after our farewell. */
  readonly farewells: Set<Subscriber<never>>
  /** QoS 2 packet identifiers of this connection that came and were not acknowledged yet. */
  readonly inHand: Set<number>
  isOnline: boolean
  isOver: boolean
  /** Why the broker said it would end it. */
  goodbye?: number
}

/** One client's conversation with a virtual broker, which `dial` reaches. */
export function virtualTransport(dial: Dial, connect: ConnectPacket): Transport {
  const session = clientSession(connect.protocolVersion)
  let current: Conversation | undefined

  const finish = (conversation: Conversation, outcome: 'dropped' | 'farewell' | AntiphonError): void => {
    if (conversation.isOver) return
    conversation.isOver = true
    if (current === conversation) {
      current = undefined
      session.detach()
    }
    for (const subscriber of conversation.requests.values())
      subscriber.error(lost('The answer cannot come', 'after-network'))
    if (outcome === 'farewell') conversation.subscriber.complete()
    else if (outcome !== 'dropped') conversation.subscriber.error(outcome)
    for (const farewell of conversation.farewells) farewell.complete()
  }

  const greeted = (conversation: Conversation, { reasonCode, grant }: ConnackPacket): void => {
    if (grant === undefined) {
      const message = `The broker refused '${connect.clientId}' with reason code ${hex(reasonCode)}.`
      finish(
        conversation,
        new AntiphonError('connection-refused', message, { reasonCode, phase: 'after-network' }),
      )
      return
    }
    conversation.isOnline = true
    session.attach(conversation.end.send, grant.sessionPresent)
    conversation.subscriber.next({ type: 'online', grant })
  }

  const arrived = (conversation: Conversation, packet: PublishPacket): void => {
    const { end, inHand, subscriber } = conversation
    const { packetId, qos } = packet
    if (qos === 2 && inHand.has(packetId)) return
    const isRepeated = qos === 2 && session.received.has(packetId)
    if (qos === 2 && !isRepeated) inHand.add(packetId)
    let isAcknowledged = qos === 0
    const acknowledge = (): void => {
      if (isAcknowledged || conversation.isOver) return
      isAcknowledged = true
      inHand.delete(packetId)
      if (qos === 2) session.received.add(packetId)
      end.send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: 0 })
    }
    if (isRepeated || packet.malformed === true) acknowledge()
    if (isRepeated) return
    const message = messageOf(packet)
    if (packet.malformed !== true) subscriber.next({ type: 'message', message, acknowledge })
    else subscriber.next({ type: 'malformed', error: unfit(packet), message })
  }

  const answered = ({ requests }: Conversation, { packetId, reasonCodes }: AnswerPacket): void => {
    const subscriber = requests.get(packetId)
    requests.delete(packetId)
    session.free(packetId)
    subscriber?.next(reasonCodes)
    subscriber?.complete()
  }

  const receive = (conversation: Conversation, packet: ServerPacket): void => {
    if (conversation.isOver) return
    switch (packet.type) {
      case 'connack':
        greeted(conversation, packet)
        return
      case 'publish':
        arrived(conversation, packet)
        return
      case 'suback':
      case 'unsuback':
        answered(conversation, packet)
        return
      case 'pubrel': {
        const { packetId } = packet
        session.received.delete(packetId)
        conversation.end.send({ type: 'pubcomp', packetId, reasonCode: 0 })
        return
      }
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        session.acknowledge(packet)
        return
      case 'disconnect':
        conversation.goodbye = packet.reasonCode
        return
    }
  }

  const ask = (packet: (packetId: number) => ClientPacket, what: string): Observable<readonly number[]> =>
    new Observable((subscriber) => {
      if (current === undefined || !current.isOnline) {
        subscriber.error(lost(`Cannot ${what}: not connected`, 'before-network'))
        return
      }
      const packetId = session.reserve()
      current.requests.set(packetId, subscriber)
      current.end.send(packet(packetId))
    })

  return {
    connect$: () =>
      new Observable((subscriber) => {
        const conversation: Conversation = {
          end: dial({
            packet: (packet) => receive(conversation, packet),
            unreachable: () => finish(conversation, lost('The broker cannot be reached', 'before-network')),
            closed: () => {
              const { farewells, goodbye } = conversation
              finish(
                conversation,
                farewells.size > 0 ? 'farewell' : lost('The connection is gone', 'after-network', goodbye),
              )
            },
          }),
          subscriber,
          requests: new Map(),
          farewells: new Set(),
          inHand: new Set(),
          isOnline: false,
          isOver: false,
        }
        current = conversation
        conversation.end.send(connect)
        return () => {
          if (conversation.isOver) return
          conversation.end.close()
          finish(conversation, 'dropped')
        }
      }),
    subscribe$: (requests: readonly SubscribeRequest[], subscriptionIdentifier?: number) =>
      ask(
        (packetId) => ({
          type: 'subscribe',
          packetId,
          requests,
          ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
        }),
        'subscribe',
      ),
    unsubscribe$: (filters: readonly string[]) =>
      ask((packetId) => ({ type: 'unsubscribe', packetId, filters }), 'unsubscribe'),
    publish$: session.publish$,
    disconnect$: () =>
      new Observable((subscriber) => {
        const conversation = current
        if (conversation === undefined) {
          subscriber.complete()
          return
        }
        conversation.farewells.add(subscriber)
        conversation.end.send({ type: 'disconnect', reasonCode: 0 })
      }),
  }
}

function lost(what: string, phase: 'before-network' | 'after-network', reasonCode?: number): AntiphonError {
  const why = reasonCode === undefined ? '' : ` The broker said ${hex(reasonCode)}.`
  const context = reasonCode === undefined ? {} : { reasonCode }
  return new AntiphonError('connection-lost', `${what}.${why}`, { ...context, phase })
}

function unfit({ message: { topic } }: PublishPacket): AntiphonError {
  return new AntiphonError('protocol', `A packet for '${topic}' could not be read; it was dropped.`, {
    topic,
  })
}

function hex(reasonCode: number): string {
  return `0x${reasonCode.toString(16).padStart(2, '0')}`
}

function messageOf({ message, qos, retain, dup, subscriptionIdentifiers }: PublishPacket): Message {
  return {
    ...message,
    qos,
    retain,
    dup,
    ...(subscriptionIdentifiers === undefined ? {} : { subscriptionIdentifiers }),
  }
}
