import { packet, publishBytes, uint16 } from '../conformance/bytes.js'
import type { RawClient } from '../conformance/raw-client.js'
import type { AnyPacket } from '../world.js'
import { persistent, type DurableBroker } from './durable-broker.js'

/** A client with a persistent session, which keeps its side of the session over all connections. */
export abstract class SessionClient {
  readonly #broker: DurableBroker
  readonly #clientId: string
  #client: RawClient | undefined
  #reading: Promise<void> = Promise.resolve()
  #onPong: (() => void) | undefined

  constructor(broker: DurableBroker, clientId: string) {
    this.#broker = broker
    this.#clientId = clientId
  }

  get isConnected(): boolean {
    return this.#client !== undefined
  }

  /** Connects, and returns whether the broker had the session. */
  async connect(): Promise<boolean> {
    const [client, connack] = await this.#broker.connect(this.#clientId, persistent)
    this.#client = client
    this.#reading = this.#read(client)
    const isPresent = connack.sessionPresent === true
    this.resume(isPresent)
    return isPresent
  }

  /** Resolves when the broker has processed all packets sent before. */
  async flush(): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.#onPong = resolve))
    this.send(Buffer.from([0xc0, 0]))
    await Promise.race([answered, this.#reading])
  }

  /** Resolves when the connection has ended. */
  async ended(): Promise<void> {
    await this.#reading
  }

  /** Closes the connection without DISCONNECT. */
  async cut(): Promise<void> {
    this.#client?.cut()
    await this.#reading
  }

  send(...packets: readonly (AnyPacket | Uint8Array)[]): void {
    this.#client?.send(...packets)
  }

  /** Called when the client has connected. */
  protected abstract resume(isSessionPresent: boolean): void
  /** Called with each packet of the broker. */
  protected abstract receive(packet: AnyPacket): void

  async #read(client: RawClient): Promise<void> {
    try {
      for (;;) {
        const received = await client.next()
        if (received.cmd === 'pingresp') this.#onPong?.()
        else this.receive(received)
      }
    } catch (error) {
      if (!(error as Error).message.includes('ended')) throw error
    } finally {
      this.#client = undefined
    }
  }
}

/** What a publisher waits for. */
interface PendingMessage {
  readonly number: number
  readonly topic: string
  readonly qos: 1 | 2
  /** Whether PUBREC has arrived, so that PUBREL is next. */
  isReceived: boolean
}

/** A client that publishes numbered messages and resends what is not acknowledged when it has connected again. */
export class Publisher extends SessionClient {
  /** The numbers of all acknowledged messages, by topic. */
  readonly acknowledged = new Map<string, number[]>()
  readonly #pending = new Map<number, PendingMessage>()
  #next = 0

  get pending(): number {
    return this.#pending.size
  }

  /** Publishes the next message. */
  publish(topic: string, qos: 1 | 2): void {
    const number = this.#next++
    const message = { number, topic, qos, isReceived: false }
    const id = (number % 60_000) + 1
    this.#pending.set(id, message)
    this.#send(id, message, 0)
  }

  protected resume(isSessionPresent: boolean): void {
    for (const [id, message] of this.#pending)
      if (message.isReceived && isSessionPresent) this.send(packet(0x62, uint16(id)))
      else this.#send(id, message, 8)
  }

  protected receive({ cmd, messageId: id = 0, reasonCode = 0 }: AnyPacket): void {
    const message = this.#pending.get(id)
    if (message === undefined) return
    if (cmd === 'pubrec' && reasonCode < 0x80) {
      message.isReceived = true
      this.send(packet(0x62, uint16(id)))
    } else if (cmd === 'puback' || cmd === 'pubcomp' || cmd === 'pubrec') {
      this.#pending.delete(id)
      if (reasonCode >= 0x80) return
      const numbers = this.acknowledged.get(message.topic) ?? []
      numbers.push(message.number)
      this.acknowledged.set(message.topic, numbers)
    }
  }

  #send(id: number, { topic, qos, number }: PendingMessage, dup: 0 | 8): void {
    this.send(publishBytes(5, topic, { flags: dup | (qos << 1), id, payload: `${number}` }))
  }
}

/** A client that counts how often it receives each message. */
export class Receiver extends SessionClient {
  /** How often each message was received; a QoS 2 message counts once until its PUBREL. */
  readonly counts = new Map<string, number>()
  /** The Packet Identifiers of QoS 2 messages whose PUBREL has not arrived. */
  readonly #unreleased = new Set<number>()

  protected resume(isSessionPresent: boolean): void {
    if (!isSessionPresent) this.#unreleased.clear()
  }

  protected receive({ cmd, messageId: id = 0, topic = '', qos, payload }: AnyPacket): void {
    if (cmd === 'pubrel') {
      this.#unreleased.delete(id)
      this.send(packet(0x70, uint16(id)))
    } else if (cmd === 'publish') {
      if (qos !== 2 || !this.#unreleased.has(id)) {
        const message = `${topic} ${String(payload)}`
        this.counts.set(message, (this.counts.get(message) ?? 0) + 1)
      }
      if (qos === 2) this.#unreleased.add(id)
      if (qos !== 0) this.send(packet(qos === 2 ? 0x50 : 0x40, uint16(id)))
    }
  }
}

/** A client that subscribes and unsubscribes all the time, and knows which subscriptions the broker has acknowledged. */
export class Subscriber extends Receiver {
  /** The acknowledged state of each filter; filters whose last change is not acknowledged are absent. */
  readonly isSubscribed = new Map<string, boolean>()
  readonly #changes = new Map<number, { readonly filter: string; readonly isSubscribe: boolean }>()
  #lastId = 0

  /** Subscribes to a filter, or unsubscribes from it. */
  change(filter: string, isSubscribe: boolean): void {
    this.#lastId = (this.#lastId % 0xfff) + 1
    const messageId = this.#lastId
    this.#changes.set(messageId, { filter, isSubscribe })
    this.isSubscribed.delete(filter)
    this.send(
      isSubscribe
        ? { cmd: 'subscribe', messageId, subscriptions: [{ topic: filter, qos: 1 }] }
        : { cmd: 'unsubscribe', messageId, unsubscriptions: [filter] },
    )
  }

  protected override resume(isSessionPresent: boolean): void {
    super.resume(isSessionPresent)
    this.#changes.clear()
  }

  protected override receive(received: AnyPacket): void {
    const { cmd, messageId = 0 } = received
    const change = cmd === 'suback' || cmd === 'unsuback' ? this.#changes.get(messageId) : undefined
    if (change === undefined) return super.receive(received)
    this.#changes.delete(messageId)
    const isLast = ![...this.#changes.values()].some(({ filter }) => filter === change.filter)
    if (isLast) this.isSubscribed.set(change.filter, change.isSubscribe)
  }
}
