import type { ConnectionInfo } from '@antiphon/core'
import type { IConnackPacket } from 'mqtt'
import type { ClientOptions } from './client-options.js'

/** Reads the broker's limits and features from CONNACK, with MQTT's defaults for absent properties, as on 3.1.1. */
export function toConnectionInfo(
  { sessionPresent, properties = {} }: IConnackPacket,
  { protocolVersion, clientId, clean, properties: requested }: ClientOptions,
  endsSession: boolean,
): ConnectionInfo {
  const { responseInformation, maximumQoS } = properties
  const sessionExpiryInterval = properties.sessionExpiryInterval ?? requested?.sessionExpiryInterval ?? 0
  const isVersion5 = protocolVersion === 5
  const isSessionKept = !endsSession && (isVersion5 ? sessionExpiryInterval > 0 : clean === false)
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
  }
}
