import { connect, type Socket } from 'node:net'
import { generate, parser, type IPublishPacket, type Packet, type UserProperties } from 'mqtt-packet'

const patience = 5_000

/** What a raw client publishes. */
export interface RawMessage {
  readonly topic: string
  readonly payload?: string | Uint8Array
  readonly responseTopic?: string
  readonly correlationData?: string | Uint8Array
  readonly userProperties?: UserProperties
  readonly retain?: boolean
}

/** A client that writes what it likes: it keeps no rule, and answers nothing of itself. */
export class RawClient {
  readonly received: Packet[] = []
  readonly #socket: Socket
  readonly #waiting = new Set<() => void>()
  #isClosed = false
  #messageId = 0

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const codec = parser({ protocolVersion: 5 })
    codec.on('packet', (packet) => this.received.push(packet))
    codec.on('error', () => this.#socket.destroy())
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', (bytes) => {
      codec.parse(bytes)
      this.#look()
    })
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#look()
    })
  }

  /** Connects as somebody. */
  static async login(port: number, clientId: string): Promise<RawClient> {
    const client = new RawClient(port)
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clientId,
      clean: true,
      keepalive: 0,
    })
    await client.until('CONNACK', ({ cmd }) => cmd === 'connack')
    return client
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(packet: Packet): void {
    this.write(generate(packet, { protocolVersion: 5 }))
  }

  write(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(bytes)
  }

  /** Publishes at QoS 1. */
  publish({
    topic,
    payload = '',
    correlationData,
    responseTopic,
    userProperties,
    retain = false,
  }: RawMessage): void {
    const properties = {
      ...(responseTopic !== undefined && { responseTopic }),
      ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData) }),
      ...(userProperties !== undefined && { userProperties }),
    }
    const messageId = this.#nextId()
    this.send({
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      messageId,
      dup: false,
      retain,
      properties,
    })
  }

  async subscribe(...topics: readonly string[]): Promise<void> {
    const messageId = this.#nextId()
    this.send({ cmd: 'subscribe', messageId, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) })
    await this.until('SUBACK', (packet) => packet.cmd === 'suback' && packet.messageId === messageId)
  }

  /** Payloads of the messages that came to a topic. */
  messages(topic: string): readonly string[] {
    return this.received.flatMap((packet) =>
      packet.cmd === 'publish' && packet.topic === topic ? [packet.payload.toString()] : [],
    )
  }

  /** The message that came last. */
  get lastMessage(): IPublishPacket | undefined {
    return this.received.filter((packet) => packet.cmd === 'publish').at(-1)
  }

  /** Resolves with the first packet that came or comes and is the one; rejects when it does not come. */
  async until<P extends Packet>(what: string, isIt: (packet: Packet) => boolean): Promise<P> {
    await this.#when(what, () => this.#isClosed || this.received.some(isIt))
    const found = this.received.find(isIt)
    if (found === undefined) throw new Error(`the connection was closed before ${what} came`)
    return found as P
  }

  /** Whether the broker closes the connection within so many milliseconds. */
  async isThrownOut(within: number): Promise<boolean> {
    return this.#when('the end', () => this.#isClosed, within).then(
      () => true,
      () => false,
    )
  }

  /** The broker has worked off all that was sent before. */
  async settle(): Promise<void> {
    const before = this.received.filter(({ cmd }) => cmd === 'pingresp').length
    this.send({ cmd: 'pingreq' })
    await this.#when(
      'PINGRESP',
      () => this.#isClosed || this.received.filter(({ cmd }) => cmd === 'pingresp').length > before,
    )
  }

  cut(): void {
    this.#socket.destroy()
  }

  #nextId(): number {
    this.#messageId = (this.#messageId % 65_535) + 1
    return this.#messageId
  }

  #look(): void {
    for (const look of [...this.#waiting]) look()
  }

  #when(what: string, isSo: () => boolean, within = patience): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        settle()
      }
      const look = (): void => {
        if (isSo()) end(resolve)
      }
      const timer = setTimeout(() => end(() => reject(new Error(`${what} did not come`))), within)
      this.#waiting.add(look)
      look()
    })
  }
}
