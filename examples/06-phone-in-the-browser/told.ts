/** What the hub sees, in words for the terminal. */
import type { BrokerEvent } from '@antiphon/broker'

const decoder = new TextDecoder()

/** A line for an event worth one. */
export function told(event: BrokerEvent): string | undefined {
  switch (event.type) {
    case 'listening':
      return `hub: listening on ${event.url}`
    case 'connected':
      return `hub: ${event.client.clientId} is connected${event.sessionPresent ? ', its session lives on' : ''}`
    case 'disconnected':
      return `hub: ${event.client.clientId} is gone: ${event.reason}`
    case 'refused':
      return `hub: ${event.clientId} is refused: ${event.reason}`
    case 'published':
      return `${event.clientId}: ${event.message.topic} ${decoder.decode(event.message.payload)}`
    default:
      return undefined
  }
}
