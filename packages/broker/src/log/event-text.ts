import { describeReason } from '@antiphon/packet'
import type { BrokerEvent } from '../events.js'
import { isFailure } from '../packet/reason.js'
import { toReadable } from './json-line.js'

/** The maximum number of characters of a payload in a line. */
const payloadLength = 200

/** Describes an event in one line: its type, the client, and the reason of a refusal. */
export function toEventText(event: BrokerEvent): string {
  switch (event.type) {
    case 'listening':
      return `listening ${event.url}`
    case 'connected': {
      const { clientId, remoteAddress, listener, protocolVersion } = event.client
      const version = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1'
      const session = event.sessionPresent ? 'session resumed' : 'new session'
      return `connected ${clientId} from ${remoteAddress} to ${listener} (${version}, ${session})`
    }
    case 'refused':
      return `refused ${named(event.clientId)} from ${event.remoteAddress}: ${because(event.reasonCode, event.reason)}`
    case 'disconnected': {
      const { client, by, reasonCode, reason } = event
      const cause = reasonCode === undefined ? reason : because(reasonCode, reason)
      return `disconnected ${client.clientId} by the ${by}: ${cause}`
    }
    case 'session-started':
      return `session-started ${event.clientId}`
    case 'session-ended':
      return `session-ended ${event.clientId}${limitText(event.limit)}`
    case 'subscribed': {
      const { clientId, filter, reasonCode, reason } = event
      return isFailure(reasonCode)
        ? `subscribe-refused ${clientId} ${filter}: ${because(reasonCode, reason)}`
        : `subscribed ${clientId} ${filter} at QoS ${reasonCode}`
    }
    case 'unsubscribed':
      return `unsubscribed ${event.clientId} ${event.filter}`
    case 'hook-failed':
      return `hook-failed ${event.hook} for ${named(event.clientId)}: ${event.error.rawMessage}`
    case 'published': {
      const { clientId, reasonCode, reason, message } = event
      const publisher = clientId === '' ? 'the broker' : clientId
      return isFailure(reasonCode)
        ? `publish-refused ${publisher} ${message.topic}: ${because(reasonCode, reason)}`
        : `published ${publisher} ${message.topic} at QoS ${message.qos}: ${payloadText(message.payload)}`
    }
    case 'dropped':
      return `dropped ${event.topic} to ${event.clientId}: ${event.loss}${limitText(event.limit)}`
    case 'listener-failed':
      return `listener-failed ${event.url}: ${event.error.rawMessage}`
    case 'storage-failed':
      return `storage-failed: ${event.error.rawMessage}`
  }
}

function named(clientId: string): string {
  return clientId === '' ? 'a client' : clientId
}

function because(reasonCode: number, reason: string | undefined): string {
  const code = describeReason(reasonCode)
  return reason === undefined || reason === code ? code : `${reason}; ${code}`
}

function limitText(limit: string | undefined): string {
  return limit === undefined ? '' : ` (limits.${limit})`
}

function payloadText(payload: Uint8Array): string {
  const bytes = toReadable(payload)
  const text = typeof bytes === 'string' ? bytes : `0x${bytes.hex}`
  const cut = text.length > payloadLength ? `${text.slice(0, payloadLength)}…` : text
  return payload.length === 0 ? 'no payload' : `${cut} (${payload.length} bytes)`
}
