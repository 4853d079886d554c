import { malformed, type ProtocolVersion } from '@antiphon/packet'
import { generate, parser } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'

/**
 * Decodes one whole packet of MQTT 5, or a CONNECT, whose fields were checked before; throws a `PacketError` if it is
 * malformed. These packets are rare: each has a parser of its own, since a parser adopts the version of a CONNECT.
 */
export function decode<P extends Packet>(cmd: P['cmd'], packet: Buffer): P {
  let decoded: Packet | undefined
  let failure: unknown
  const codec = parser({ protocolVersion: 5 })
  codec.on('packet', (received) => (decoded = received))
  codec.on('error', (error: unknown) => (failure ??= error))
  try {
    codec.parse(packet)
  } catch (error) {
    failure = error
  }
  if (failure !== undefined)
    throw malformed(failure instanceof Error ? failure.message : 'it cannot be parsed')
  if (decoded?.cmd !== cmd) throw malformed(`the packet is not a complete ${cmd} packet`)
  return decoded as P
}

/** Encodes one packet for a protocol version. */
export function encode(packet: Packet, version: ProtocolVersion): Buffer {
  return generate(packet, { protocolVersion: version })
}
