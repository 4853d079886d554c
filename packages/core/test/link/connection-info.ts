import type { ConnectionInfo } from '../../src/link/link.js'

/** Returns a `ConnectionInfo` without limits except those passed. */
export function connectionInfo(limits: Partial<ConnectionInfo> = {}): ConnectionInfo {
  return {
    protocolVersion: 5,
    clientId: 'me',
    sessionPresent: false,
    receiveMaximum: 65_535,
    maximumPacketSize: Infinity,
    maximumQoS: 2,
    retainAvailable: true,
    wildcardSubscriptions: true,
    sharedSubscriptions: true,
    subscriptionIdentifiers: true,
    ...limits,
  }
}
