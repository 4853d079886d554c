import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** The result of one slice of a row. */
export interface LoadResult {
  readonly messages: number
  readonly milliseconds: number
  /** The 99th percentile of the round trips in milliseconds; NaN if round trips were not measured. */
  readonly p99: number
}

const payloadLength = 64

/** Connects a minimal MQTT 3.1.1 client, so that the measurement is dominated by the broker. */
export async function connectClient(port: number, clientId: string, isClean = true): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const id = Buffer.from(clientId)
  const head = Buffer.from([
    0x10,
    12 + id.length,
    0,
    4,
    0x4d,
    0x51,
    0x54,
    0x54,
    4,
    isClean ? 2 : 0,
    0,
    0,
    0,
    id.length,
  ])
  socket.write(Buffer.concat([head, id]))
  await once(socket, 'data')
  return socket
}

/** Subscribes to a topic and waits for SUBACK. */
export async function subscribe(socket: Socket, topic: string, qos: number): Promise<void> {
  const name = Buffer.from(topic)
  socket.write(
    Buffer.concat([Buffer.from([0x82, 5 + name.length, 0, 1, 0, name.length]), name, Buffer.from([qos])]),
  )
  await once(socket, 'data')
}

/** Measures a client that sends to itself, with the given number of messages in flight. */
export async function echo(
  port: number,
  {
    qos,
    inFlight,
    milliseconds,
  }: { readonly qos: 0 | 1; readonly inFlight: number; readonly milliseconds: number },
): Promise<LoadResult> {
  const topic = 'bench/echo'
  const socket = await connectClient(port, 'echo')
  await subscribe(socket, topic, qos)
  const sentAt = new Float64Array(65_536)
  const latencies: number[] = []
  let next = 1
  const make = (): Buffer => {
    const id = next++ & 0xffff || (next++, 1)
    sentAt[id] = performance.now()
    return publish(topic, qos, id)
  }
  const began = performance.now()
  let isOver = false
  forEachPacket(socket, (header, body) => {
    if (header >> 4 !== 3) return undefined
    const at = 2 + body.readUInt16BE(0)
    latencies.push(performance.now() - (sentAt[body.readUInt16BE(at + (qos > 0 ? 2 : 0))] ?? NaN))
    const responses = qos > 0 ? [Buffer.from([0x40, 2, body[at] ?? 0, body[at + 1] ?? 0])] : []
    return isOver ? responses : [...responses, make()]
  })
  socket.write(Buffer.concat(Array.from({ length: inFlight }, make)))
  await wait(milliseconds)
  const measured = { messages: latencies.length, milliseconds: performance.now() - began }
  isOver = true
  await disconnect(socket)
  latencies.sort((a, b) => a - b)
  return { ...measured, p99: latencies[Math.floor(measured.messages * 0.99)] ?? NaN }
}

/** Measures the delivery from one publisher to many receivers; `messages` counts deliveries. */
export function fanOut(
  receivers: readonly Socket[],
  publisher: Socket,
  milliseconds: number,
): Promise<LoadResult> {
  let messages = 0
  let pendingCount = 0
  const began = performance.now()
  let isOver = false
  return new Promise((resolve) => {
    const send = (): void => {
      while (pendingCount < 8 * receivers.length) {
        pendingCount += receivers.length
        publisher.write(publish('bench/fan', 0, 1))
      }
    }
    const onBytes = (bytes: number): void => {
      const count = bytes / publishedLength
      messages += count
      pendingCount -= count
      if (!isOver && performance.now() - began >= milliseconds) {
        isOver = true
        resolveWhenDrained({ messages, milliseconds: performance.now() - began, p99: NaN })
      }
      if (!isOver) send()
      else if (pendingCount < 1e-6) drained()
    }
    const publishedLength = publish('bench/fan', 0, 1).length
    let result: LoadResult | undefined
    const resolveWhenDrained = (measured: LoadResult): void => void (result = measured)
    const drained = (): void => {
      for (const receiver of receivers) receiver.removeAllListeners('data')
      if (result !== undefined) resolve(result)
    }
    // All packets have the same length, so the number of bytes gives the number of packets.
    for (const receiver of receivers) receiver.on('data', (chunk) => onBytes(chunk.length))
    send()
  })
}

/** Sends DISCONNECT and waits until the connection is closed. */
export async function disconnect(socket: Socket): Promise<void> {
  if (socket.destroyed) return
  socket.end(Buffer.from([0xe0, 0]))
  socket.resume()
  await once(socket, 'close')
}

/** Returns a PUBLISH with a payload of 64 bytes that begins with `id`. */
export function publish(topic: string, qos: 0 | 1, id: number, retain = false): Buffer {
  const name = Buffer.from(topic)
  const idLength = qos > 0 ? 2 : 0
  const packet = Buffer.alloc(4 + name.length + idLength + payloadLength)
  packet[0] = 0x30 | (qos << 1) | (retain ? 1 : 0)
  packet[1] = packet.length - 2
  packet[3] = name.length
  packet.set(name, 4)
  const at = 4 + name.length
  if (qos > 0) packet.writeUInt16BE(id, at)
  packet.writeUInt16BE(id, at + idLength)
  return packet
}

/** Splits the input into packets of at most 127 bytes, and writes the responses to all packets of a chunk at once. */
function forEachPacket(
  socket: Socket,
  handle: (header: number, body: Buffer) => readonly Buffer[] | undefined,
): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const responses: Buffer[] = []
    while (bytes.length >= 2 && bytes.length >= 2 + (bytes[1] ?? 0)) {
      const end = 2 + (bytes[1] ?? 0)
      responses.push(...(handle(bytes[0] ?? 0, bytes.subarray(2, end)) ?? []))
      bytes = bytes.subarray(end)
    }
    rest = bytes
    if (responses.length > 0 && socket.writable) socket.write(Buffer.concat(responses))
  })
}
