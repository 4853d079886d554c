import type { VirtualClientOptions } from './broker.js'
import type { ConnectPacket } from '../connection/packet.js'

/** Returns the CONNECT of a client, with the defaults of MQTT. */
export function connectPacket(client: VirtualClientOptions, makeClientId: () => string): ConnectPacket {
  const { protocolVersion = 5, clean = true } = client
  const version4Expiry = protocolVersion === 4 && !clean ? Infinity : 0
  return {
    type: 'connect',
    clientId: client.clientId ?? makeClientId(),
    clean,
    protocolVersion,
    sessionExpiryInterval: protocolVersion === 4 ? version4Expiry : (client.sessionExpiryInterval ?? 0),
    receiveMaximum: client.receiveMaximum ?? 65_535,
    maximumPacketSize: Infinity,
    ...(client.will === undefined ? {} : { will: client.will }),
  }
}
