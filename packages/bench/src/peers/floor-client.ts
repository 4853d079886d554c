import { connect, type Socket } from 'node:net'
import { reportFailure } from './run-peer.js'

/** A PUBLISH, by its positions in `bytes`. Valid only during the callback. */
export interface FloorMessage {
  readonly bytes: Buffer
  readonly qos: number
  readonly topicStart: number
  readonly topicEnd: number
  /** The Response Topic and the Correlation Data, each with the two bytes of its length; empty if absent. */
  readonly responseTopicStart: number
  readonly responseTopicEnd: number
  readonly correlationStart: number
  readonly correlationEnd: number
  readonly payloadStart: number
  readonly end: number
}

const blockSize = 64 * 1_024

/**
 * MQTT 5 on a raw socket: PUBLISH at QoS 0 and 1, with prebuilt headers, and one write per turn of the event loop.
 *
 * It keeps no state per message and handles no error: the floor under every client that reads and writes packets in JavaScript.
 */
export class FloorClient {
  /** Called for each PUBLISH. */
  onMessage: (message: FloorMessage) => void = () => undefined
  readonly #socket: Socket
  readonly #flush = (): void => this.#write()
  #block: Buffer = Buffer.allocUnsafe(blockSize)
  #used = 0
  #isScheduled = false
  #rest: Buffer = Buffer.alloc(0)
  #packetId = 0
  #onAcknowledged: () => void = () => undefined
  readonly #message = {
    bytes: this.#rest,
    qos: 0,
    topicStart: 0,
    topicEnd: 0,
    responseTopicStart: 0,
    responseTopicEnd: 0,
    correlationStart: 0,
    correlationEnd: 0,
    payloadStart: 0,
    end: 0,
  }

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', (error) => reportFailure(error.message))
    socket.on('close', () => reportFailure('the connection was closed'))
  }

  /** Connects with a clean session; resolves after CONNACK. */
  static async connect(port: number, clientId: string): Promise<FloorClient> {
    const client = new FloorClient(connect({ host: '127.0.0.1', port }))
    const variableHeader = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 0, 0])
    await client.#control(0x10, Buffer.concat([variableHeader, field(clientId)]))
    return client
  }

  /** Subscribes to filters, in packets of a size that brokers accept. */
  async subscribe(filters: readonly string[], qos: 0 | 1): Promise<void> {
    for (let start = 0; start < filters.length; start += 500) {
      const parts = filters.slice(start, start + 500).flatMap((filter) => [field(filter), Buffer.from([qos])])
      await this.#control(0x82, Buffer.concat([Buffer.from([0, 1, 0]), ...parts]))
    }
  }

  /**
   * Sends a PUBLISH from its parts: `topic` with the bytes of its length, all properties up to the Correlation Data, and
   * the bytes of the Correlation Data with its length at a position of `correlation`.
   */
  publish(
    qos: number,
    [topic, topicStart, topicEnd]: FloorSlice,
    properties: Buffer,
    [correlation, correlationStart, correlationEnd]: FloorSlice,
    payload: Uint8Array,
  ): void {
    const topicSize = topicEnd - topicStart
    const correlationSize = correlationEnd - correlationStart
    const propertySize = properties.length + correlationSize
    const size = topicSize + (qos === 0 ? 0 : 2) + sizeOf(propertySize) + propertySize + payload.length
    let at = this.#reserve(size + 5)
    const block = this.#block
    block[at++] = 0x30 | (qos << 1)
    at = writeLength(block, at, size)
    at += topic.copy(block, at, topicStart, topicEnd)
    if (qos > 0) {
      this.#packetId = (this.#packetId % 65_535) + 1
      at = block.writeUInt16BE(this.#packetId, at)
    }
    at = writeLength(block, at, propertySize)
    block.set(properties, at)
    at += properties.length
    at += correlation.copy(block, at, correlationStart, correlationEnd)
    block.set(payload, at)
    this.#commit(at + payload.length)
  }

  /** Closes the socket without DISCONNECT. */
  close(): void {
    this.#socket.removeAllListeners('close').destroy()
  }

  #control(firstByte: number, body: Buffer): Promise<void> {
    let at = this.#reserve(body.length + 5)
    this.#block[at++] = firstByte
    at = writeLength(this.#block, at, body.length)
    this.#commit(at + body.copy(this.#block, at))
    return new Promise((resolve) => (this.#onAcknowledged = resolve))
  }

  #reserve(size: number): number {
    if (this.#used + size > this.#block.length) {
      this.#write()
      if (size > this.#block.length) this.#block = Buffer.allocUnsafe(size)
    }
    return this.#used
  }

  #commit(end: number): void {
    this.#used = end
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(this.#flush)
  }

  #write(): void {
    this.#isScheduled = false
    if (this.#used === 0) return
    this.#socket.write(this.#block.subarray(0, this.#used))
    this.#block = this.#block.subarray(this.#used)
    if (this.#block.length < 4_096) this.#block = Buffer.allocUnsafe(blockSize)
    this.#used = 0
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    for (;;) {
      let at = start + 1
      let size = 0
      let shift = 0
      let byte = 0x80
      while (byte >= 0x80 && at < bytes.length) {
        byte = bytes[at++] ?? 0
        size += (byte & 0x7f) << shift
        shift += 7
      }
      if (byte >= 0x80 || at + size > bytes.length) break
      this.#dispatch(bytes, start, at, at + size)
      start = at + size
    }
    this.#rest = bytes.subarray(start)
  }

  #dispatch(bytes: Buffer, start: number, bodyStart: number, end: number): void {
    const firstByte = bytes[start] ?? 0
    const type = firstByte >> 4
    if (type === 3) this.#publish(bytes, firstByte, bodyStart, end)
    else if (type === 2 || type === 9) this.#onAcknowledged()
  }

  #publish(bytes: Buffer, firstByte: number, bodyStart: number, end: number): void {
    const message = this.#message
    message.bytes = bytes
    message.qos = (firstByte >> 1) & 3
    message.topicStart = bodyStart + 2
    let at = (message.topicEnd = bodyStart + 2 + bytes.readUInt16BE(bodyStart))
    if (message.qos > 0) {
      const acknowledgement = this.#reserve(4)
      this.#block.writeUInt32BE(0x4002_0000 | bytes.readUInt16BE(at), acknowledgement)
      this.#commit(acknowledgement + 4)
      at += 2
    }
    let size = 0
    for (let shift = 0, byte = 0x80; byte >= 0x80; shift += 7) {
      byte = bytes[at++] ?? 0
      size += (byte & 0x7f) << shift
    }
    message.payloadStart = at + size
    message.end = end
    this.#readProperties(at, at + size)
    this.onMessage(message)
  }

  /** Finds the Response Topic and the Correlation Data, and skips the other properties that a PUBLISH can have. */
  #readProperties(start: number, end: number): void {
    const message = this.#message
    const { bytes } = message
    message.responseTopicStart = message.responseTopicEnd = 0
    message.correlationStart = message.correlationEnd = 0
    let at = start
    while (at < end) {
      const id = bytes[at++]
      if (id === 1) at += 1
      else if (id === 2) at += 4
      else if (id === 0x23) at += 2
      else if (id === 0x0b) while ((bytes[at++] ?? 0) >= 0x80);
      else {
        const fieldStart = at
        at += 2 + bytes.readUInt16BE(at)
        if (id === 0x26) at += 2 + bytes.readUInt16BE(at)
        else if (id === 8) {
          message.responseTopicStart = fieldStart
          message.responseTopicEnd = at
        } else if (id === 9) {
          message.correlationStart = fieldStart
          message.correlationEnd = at
        }
      }
    }
  }
}

/** Bytes from one position to another. */
export type FloorSlice = readonly [bytes: Buffer, start: number, end: number]

/** Returns a string or bytes with their length in two bytes, as MQTT writes fields. */
export function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** Returns the number of bytes of a Variable Byte Integer below 2 097 152. */
function sizeOf(value: number): number {
  if (value < 0x80) return 1
  return value < 0x4000 ? 2 : 3
}

function writeLength(block: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 0x80) {
    block[at++] = (rest & 0x7f) | 0x80
    rest >>= 7
  }
  block[at++] = rest
  return at
}
