import { connect, type Socket } from 'node:net'
import {
  generate,
  parser,
  type IConnectPacket,
  type IPublishPacket,
  type Packet,
  type UserProperties,
} from 'mqtt-packet'

const usualTimeout = 5_000

/** A message that a raw client publishes. */
export interface RawMessage {
  readonly topic: string
  readonly payload?: string | Uint8Array
  readonly responseTopic?: string
  readonly correlationData?: string | Uint8Array
  readonly userProperties?: UserProperties
  readonly retain?: boolean
}

/** A client that can send any bytes, checks no rules, and sends no packet on its own. */
export class RawClient {
  readonly received: Packet[] = []
  readonly #socket: Socket
  readonly #waits = new Set<() => void>()
  #isClosed = false
  #messageId = 0
  #acknowledged = 0

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const codec = parser({ protocolVersion: 5 })
    codec.on('packet', (packet) => this.received.push(packet))
    codec.on('error', () => this.#socket.destroy())
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', (bytes) => {
      codec.parse(bytes)
      this.#checkWaits()
    })
    this.#socket.on('close', () => {
      this.#isClosed = true
      this.#checkWaits()
    })
  }

  /** Connects under a client id, with other fields of CONNECT if needed. */
  static async connect(
    port: number,
    clientId: string,
    fields: Partial<IConnectPacket> = {},
  ): Promise<RawClient> {
    const client = new RawClient(port)
    client.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clientId,
      clean: true,
      keepalive: 0,
      ...fields,
    })
    await client.waitFor('CONNACK', ({ cmd }) => cmd === 'connack')
    return client
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Encodes and sends a packet. */
  send(packet: Packet): void {
    this.write(generate(packet, { protocolVersion: 5 }))
  }

  /** Sends bytes. */
  write(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#socket.write(bytes)
  }

  /** Publishes a message at QoS 1. */
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

  /** Subscribes at QoS 0; resolves with SUBACK. */
  subscribe(...topics: readonly string[]): Promise<void> {
    return this.subscribeAt(0, ...topics)
  }

  /** Subscribes at a QoS; resolves with SUBACK. */
  async subscribeAt(qos: 0 | 1, ...topics: readonly string[]): Promise<void> {
    const messageId = this.#nextId()
    this.send({ cmd: 'subscribe', messageId, subscriptions: topics.map((topic) => ({ topic, qos })) })
    await this.waitFor('SUBACK', (packet) => packet.cmd === 'suback' && packet.messageId === messageId)
  }

  /** Acknowledges all QoS 1 messages received since the last call, and returns how many messages of a topic have arrived. */
  acknowledgeAll(topic: string): number {
    for (const packet of this.received.slice(this.#acknowledged))
      if (packet.cmd === 'publish' && packet.qos === 1)
        this.send({ cmd: 'puback', messageId: packet.messageId ?? 0 })
    this.#acknowledged = this.received.length
    return this.messages(topic).length
  }

  /** Returns the payloads of the messages received on a topic. */
  messages(topic: string): readonly string[] {
    return this.received.flatMap((packet) =>
      packet.cmd === 'publish' && packet.topic === topic ? [packet.payload.toString()] : [],
    )
  }

  /** The message received last. */
  get lastMessage(): IPublishPacket | undefined {
    return this.received.filter((packet) => packet.cmd === 'publish').at(-1)
  }

  /** Resolves with the first packet, received or to come, that matches; rejects after a timeout or the end of the connection. */
  async waitFor<P extends Packet>(what: string, isMatch: (packet: Packet) => boolean): Promise<P> {
    await this.#when(what, () => this.#isClosed || this.received.some(isMatch))
    const found = this.received.find(isMatch)
    if (found === undefined) throw new Error(`the connection was closed before ${what} arrived`)
    return found as P
  }

  /** Resolves with whether the broker closes the connection within the timeout. */
  async isClosedWithin(timeout: number): Promise<boolean> {
    return this.#when('the end of the connection', () => this.#isClosed, timeout).then(
      () => true,
      () => false,
    )
  }

  /** Resolves when the broker has processed all packets sent before. */
  async flush(): Promise<void> {
    const before = this.received.filter(({ cmd }) => cmd === 'pingresp').length
    this.send({ cmd: 'pingreq' })
    await this.#when(
      'PINGRESP',
      () => this.#isClosed || this.received.filter(({ cmd }) => cmd === 'pingresp').length > before,
    )
  }

  /** Destroys the connection. */
  cut(): void {
    this.#socket.destroy()
  }

  #nextId(): number {
    this.#messageId = (this.#messageId % 65_535) + 1
    return this.#messageId
  }

  #checkWaits(): void {
    for (const check of [...this.#waits]) check()
  }

  #when(what: string, isReached: () => boolean, timeout = usualTimeout): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waits.delete(check)
        settle()
      }
      const check = (): void => {
        if (isReached()) end(resolve)
      }
      const onTimeout = (): void => reject(new Error(`${what} did not arrive within ${timeout} ms`))
      const timer = setTimeout(() => end(onTimeout), timeout)
      this.#waits.add(check)
      check()
    })
  }
}
