import type { ConnectionInfo } from '@antiphon/core'
import type { Capability } from './capability.js'

/** Returns the version and the limits of a broker, from its CONNACK. */
export function limitsOf(info: ConnectionInfo): readonly Capability[] {
  const { protocolVersion, receiveMaximum, maximumPacketSize, maximumQoS, responseInformation } = info
  const known = (name: string, isSupported: boolean): Capability => ({
    name,
    isSupported,
    detail: protocolVersion === 5 ? 'from CONNACK' : 'MQTT 3.1.1 does not say',
  })
  return [
    { name: 'MQTT version', detail: protocolVersion === 5 ? '5' : '3.1.1' },
    { name: 'Receive Maximum', detail: String(receiveMaximum) },
    {
      name: 'Maximum Packet Size',
      detail: maximumPacketSize === Infinity ? 'no limit' : `${maximumPacketSize} bytes`,
    },
    { name: 'Maximum QoS', detail: String(maximumQoS) },
    known('retained messages', info.retainAvailable),
    known('wildcard subscriptions', info.wildcardSubscriptions),
    known('shared subscriptions', info.sharedSubscriptions),
    known('Subscription Identifiers', info.subscriptionIdentifiers),
    { name: 'Response Information', detail: responseInformation ?? 'none' },
  ]
}
