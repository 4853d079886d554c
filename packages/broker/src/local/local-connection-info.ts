import type { ConnectionInfo } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { Settings } from '../options.js'

/** Returns what CONNACK would tell a local client, except Session Present. */
export function toLocalConnectionInfo(
  settings: Settings,
  client: ClientInfo,
): Omit<ConnectionInfo, 'sessionPresent'> {
  const { limits, maximumQoS, retainAvailable, wildcardSubscriptions, sharedSubscriptions } = settings
  const isV5 = client.protocolVersion === 5
  const responseInformation = isV5 ? settings.responseInformation?.(client) : undefined
  return {
    protocolVersion: client.protocolVersion,
    clientId: client.clientId,
    receiveMaximum: isV5 ? limits.receiveMaximum : 65_535,
    maximumPacketSize: limits.packetSize,
    maximumQoS,
    retainAvailable,
    wildcardSubscriptions,
    sharedSubscriptions,
    subscriptionIdentifiers: isV5,
    ...(responseInformation === undefined ? {} : { responseInformation }),
  }
}
