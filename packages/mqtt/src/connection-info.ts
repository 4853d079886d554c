import type { ConnectionInfo } from '@antiphon/core'
import type { IConnackPacket } from 'mqtt'

/** Reads the broker's limits and features from CONNACK, with MQTT's defaults for absent properties, as on 3.1.1. */
export function toConnectionInfo(
  { sessionPresent, properties = {} }: IConnackPacket,
  protocolVersion: 4 | 5,
  clientId: string,
): ConnectionInfo {
  const { responseInformation, maximumQoS } = properties
  const isVersion5 = protocolVersion === 5
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
    ...(responseInformation !== undefined && { responseInformation }),
  }
}
