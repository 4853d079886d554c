import type { ConnectionInfo } from '@antiphon/core'
import type { ConnectPacket } from '@antiphon/packet'
import type { Connack } from './control-client.js'

/** The connection that a CONNACK has accepted. */
export interface AcceptedConnection {
  readonly connect: ConnectPacket
  readonly protocolVersion: 4 | 5
  readonly endsSession: boolean
  readonly redirectedTo: string | undefined
}

/** Reads the broker's limits and features from CONNACK, with MQTT's defaults for absent properties, as on 3.1.1. */
export function toConnectionInfo(
  { sessionPresent, properties }: Connack,
  { connect, protocolVersion, endsSession, redirectedTo }: AcceptedConnection,
): ConnectionInfo {
  const { clientId, cleanStart, properties: requested } = connect
  const { responseInformation, maximumQoS } = properties
  const sessionExpiryInterval = properties.sessionExpiryInterval ?? requested.sessionExpiryInterval ?? 0
  const isVersion5 = protocolVersion === 5
  const isSessionKept = !endsSession && (isVersion5 ? sessionExpiryInterval > 0 : !cleanStart)
  return {
    protocolVersion,
    clientId: properties.assignedClientIdentifier ?? clientId,
    sessionPresent,
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumPacketSize: properties.maximumPacketSize ?? Infinity,
    maximumQoS: maximumQoS === 0 || maximumQoS === 1 ? maximumQoS : 2,
    retainAvailable: properties.retainAvailable ?? true,
    wildcardSubscriptions: properties.wildcardSubscriptionAvailable ?? true,
    sharedSubscriptions: properties.sharedSubscriptionAvailable ?? true,
    subscriptionIdentifiers: isVersion5 && (properties.subscriptionIdentifiersAvailable ?? true),
    ...(isSessionKept && { isSessionKept }),
    ...(responseInformation !== undefined && { responseInformation }),
    ...(redirectedTo !== undefined && { redirectedTo }),
  }
}
