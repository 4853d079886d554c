import { isSharedFilter, validateTopicName } from '@antiphon/core/topic'
import type { PublishPacket, SubscribePacket } from '../connection/packet.js'
import type { VirtualBrokerLimits } from './broker.js'

/** The limits of a broker without options. */
export const defaultLimits: VirtualBrokerLimits = {
  receiveMaximum: 65_535,
  maximumPacketSize: Infinity,
  maximumQoS: 2,
  retainAvailable: true,
  wildcardSubscriptions: true,
  sharedSubscriptions: true,
  subscriptionIdentifiers: true,
}

/** Returns the reason code with which an invalid PUBLISH closes its connection. */
export function publishFault(packet: PublishPacket, limits: VirtualBrokerLimits): number | undefined {
  // A malformed packet closes the connection [MQTT-4.13.1-1].
  if (packet.malformed === true) return 0x81
  if (validateTopicName(packet.message.topic) !== undefined) return 0x90
  if (packet.qos > limits.maximumQoS) return 0x9b
  return packet.retain && !limits.retainAvailable ? 0x9a : undefined
}

/** Returns the reason code with which an invalid SUBSCRIBE closes its connection. */
export function subscribeFault(packet: SubscribePacket, limits: VirtualBrokerLimits): number | undefined {
  const { requests, subscriptionIdentifier } = packet
  if (requests.length === 0) return 0x82
  // No Local on a shared filter is a protocol error [MQTT-3.8.3-4].
  if (requests.some(({ filter, noLocal }) => noLocal && isSharedFilter(filter))) return 0x82
  return subscriptionIdentifier !== undefined && !limits.subscriptionIdentifiers ? 0xa1 : undefined
}

/** Returns the reason code with which SUBACK refuses a valid filter. */
export function filterFault(filter: string, limits: VirtualBrokerLimits): number | undefined {
  if (isSharedFilter(filter) && !limits.sharedSubscriptions) return 0x9e
  return /[+#]/.test(filter) && !limits.wildcardSubscriptions ? 0xa2 : undefined
}
