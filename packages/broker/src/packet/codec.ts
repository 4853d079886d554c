import { generate, parser } from 'mqtt-packet'
import type { IConnectPacket, Packet, Parser } from 'mqtt-packet'
import { malformed } from './violation.js'

/** The two protocol versions the broker speaks: 3.1.1, which calls itself 4, and 5. */
export type ProtocolVersion = 4 | 5

/**
 * One parser for each version serves every connection: it is only ever given whole packets, so that nothing of one
 * connection stays in it.
 */
function wholePacketDecoder(version: ProtocolVersion): (packet: Buffer) => Packet {
  let codec: Parser
  let decoded: Packet | undefined
  let failure: unknown
  const renew = (): void => {
    codec = parser({ protocolVersion: version })
    codec.on('packet', (packet) => (decoded = packet))
    codec.on('error', (error: unknown) => (failure ??= error))
  }
  renew()
  return (packet) => {
    decoded = failure = undefined
    try {
      codec.parse(packet)
    } catch (error) {
      failure = error
    }
    if (decoded !== undefined && failure === undefined) return decoded
    renew()
    throw malformed(failure instanceof Error ? failure.message : 'the packet cannot be read')
  }
}

const decoders = { 4: wholePacketDecoder(4), 5: wholePacketDecoder(5) }

/** Decodes one whole packet whose bytes were checked before; throws a violation when it cannot be read. */
export function decode<P extends Packet>(cmd: P['cmd'], packet: Buffer, version: ProtocolVersion): P {
  const decoded = decoders[version](packet)
  if (decoded.cmd !== cmd) throw malformed(`a ${cmd} packet was expected`)
  return decoded as P
}

/** Decodes a CONNECT; a parser of its own each time, for the codec takes over the connection's version from it. */
export function decodeConnect(packet: Buffer): IConnectPacket {
  return wholePacketDecoder(5)(packet) as IConnectPacket
}

/** Encodes one packet for a connection of `version`. */
export function encode(packet: Packet, version: ProtocolVersion): Buffer {
  return generate(packet, { protocolVersion: version })
}
