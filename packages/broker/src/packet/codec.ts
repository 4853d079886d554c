import { generate, parser } from 'mqtt-packet'
import type { IConnectPacket, Packet, Parser } from 'mqtt-packet'
import { malformed } from './violation.js'

/** A protocol version of MQTT: 5, or 4 for MQTT 3.1.1. */
export type ProtocolVersion = 4 | 5

/**
 * Returns a decoder that all connections share. It parses whole packets only, so that no state of a connection
 * remains in its parser.
 */
function wholePacketDecoder(version: ProtocolVersion): (packet: Buffer) => Packet {
  let codec: Parser
  let decoded: Packet | undefined
  let failure: unknown
  const reset = (): void => {
    codec = parser({ protocolVersion: version })
    codec.on('packet', (packet) => (decoded = packet))
    codec.on('error', (error: unknown) => (failure ??= error))
  }
  reset()
  return (packet) => {
    decoded = failure = undefined
    try {
      codec.parse(packet)
    } catch (error) {
      failure = error
    }
    if (decoded !== undefined && failure === undefined) return decoded
    reset()
    throw malformed(failure instanceof Error ? failure.message : 'the packet is incomplete')
  }
}

const decoders = { 4: wholePacketDecoder(4), 5: wholePacketDecoder(5) }

/** Decodes one whole packet whose fields were checked before; throws a violation if it is malformed. */
export function decode<P extends Packet>(cmd: P['cmd'], packet: Buffer, version: ProtocolVersion): P {
  const decoded = decoders[version](packet)
  if (decoded.cmd !== cmd) throw malformed(`the packet is ${decoded.cmd}: ${cmd} was expected`)
  return decoded as P
}

/** Decodes a CONNECT, by a new parser each time, since a parser adopts the protocol version of a CONNECT. */
export function decodeConnect(packet: Buffer): IConnectPacket {
  return wholePacketDecoder(5)(packet) as IConnectPacket
}

/** Encodes one packet for a protocol version. */
export function encode(packet: Packet, version: ProtocolVersion): Buffer {
  return generate(packet, { protocolVersion: version })
}
