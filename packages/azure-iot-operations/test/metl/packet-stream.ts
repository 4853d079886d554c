import type { OutgoingMessage, UserProperties } from '@antiphon/core'
import { generate, parser as packetParser, type IPublishPacket, type Packet } from 'mqtt-packet'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { IncomingMessage } from './metl-world.js'

const options = { protocolVersion: 5 }

/** A stream whose other end is the runner. */
export interface PacketStream {
  readonly stream: Duplex
  /** Makes a packet arrive at the stream. */
  readonly send: (packet: Packet) => void
  readonly close: () => void
}

/** What the runner learns of a stream. */
export interface PacketStreamEvents {
  readonly onPacket: (packet: Packet) => void
  readonly onClose?: () => void
}

/** Counts the packets of all streams, so that the runner knows when nothing is on its way. */
export class Traffic {
  count = 0

  /** Resolves when no packet has moved for some turns of the event loop. */
  async settled(): Promise<void> {
    for (let quiet = 0, seen = this.count; quiet < 8; quiet++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.count === seen) continue
      seen = this.count
      quiet = 0
    }
  }
}

/** Creates a stream of MQTT 5 packets. */
export function packetStream(traffic: Traffic, { onPacket, onClose }: PacketStreamEvents): PacketStream {
  const parser = packetParser(options)
  parser.on('packet', (packet) => {
    traffic.count++
    onPacket(packet)
  })
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      parser.parse(chunk)
      done()
    },
    final: (done) => {
      done()
      stream.destroy()
    },
    destroy: (_error, done) => {
      traffic.count++
      onClose?.()
      done(null)
    },
  })
  return {
    stream,
    send: (packet) => {
      traffic.count++
      if (!stream.destroyed) stream.push(generate(packet, options))
    },
    close: () => stream.destroy(),
  }
}

/** Returns the message of a PUBLISH that was sent. */
export function toOutgoingMessage({
  topic,
  payload,
  qos,
  retain,
  properties = {},
}: IPublishPacket): OutgoingMessage {
  const { responseTopic, correlationData, contentType, payloadFormatIndicator, messageExpiryInterval } =
    properties
  const userProperties: UserProperties = Object.entries(properties.userProperties ?? {}).flatMap(
    ([name, value]) => [value].flat().map((each) => [name, each] as const),
  )
  return {
    topic,
    payload: Buffer.from(payload),
    qos,
    retain,
    userProperties,
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
    ...(contentType !== undefined && { contentType }),
    ...(payloadFormatIndicator !== undefined && { payloadFormatIndicator }),
    ...(messageExpiryInterval !== undefined && { messageExpiryInterval }),
  }
}

/** Returns the PUBLISH of a message to receive. */
export function toPublish(message: IncomingMessage, messageId: number): IPublishPacket {
  const { topic, payload, qos, userProperties = [], correlationData, ...properties } = message
  return {
    cmd: 'publish',
    topic,
    payload: Buffer.from(payload),
    qos,
    dup: false,
    retain: false,
    ...(qos > 0 && { messageId }),
    properties: {
      ...properties,
      ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData) }),
      ...(userProperties.length > 0 && { userProperties: Object.fromEntries(userProperties) }),
    },
  }
}

/** Makes a socket to a broker a stream of packets: those that arrive go to `events`. */
export function streamOverSocket(
  socket: Socket,
  traffic: Traffic,
  { onPacket, onClose }: PacketStreamEvents,
): PacketStream {
  const parser = packetParser(options)
  parser.on('packet', (packet) => {
    // A response to the proxy's own PINGREQ is no traffic.
    if (packet.cmd !== 'pingresp') traffic.count++
    onPacket(packet)
  })
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => void parser.parse(chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => onClose?.())
  return {
    stream: socket,
    send: (packet) => void socket.write(generate(packet, options)),
    close: () => socket.destroy(),
  }
}
