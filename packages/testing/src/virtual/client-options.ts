import type { VirtualClientOptions } from './broker.js'
import type { ConnectPacket } from './packet.js'

/** The CONNECT of a client, with MQTT's own defaults. */
export function connectPacket(client: VirtualClientOptions, name: () => string): ConnectPacket {
  const { protocolVersion = 5, clean = true } = client
  const remembered = protocolVersion === 4 && !clean ? Infinity : 0
  return {
    type: 'connect',
    clientId: client.clientId ?? name(),
    clean,
    protocolVersion,
    sessionExpiryInterval: protocolVersion === 4 ? remembered : (client.sessionExpiryInterval ?? 0),
    receiveMaximum: client.receiveMaximum ?? 65_535,
    maximumPacketSize: Infinity,
    ...(client.will === undefined ? {} : { will: client.will }),
  }
}
