/** Lines about the hub's events for the terminal. */
import type { BrokerEvent } from '@antiphon/broker'

const decoder = new TextDecoder()

/** Describes an event in one line. Returns `undefined` for events that are not logged. */
export function describeEvent(event: BrokerEvent): string | undefined {
  switch (event.type) {
    case 'listening':
      return `hub: listening on ${event.url}`
    case 'connected':
      return `hub: ${event.client.clientId} connected${event.sessionPresent ? ', session resumed' : ''}`
    case 'disconnected':
      return `hub: ${event.client.clientId} disconnected: ${event.reason}`
    case 'refused':
      return `hub: ${event.clientId} refused: ${event.reason}`
    case 'published':
      return `${event.clientId}: ${event.message.topic} ${decoder.decode(event.message.payload)}`
    default:
      return undefined
  }
}
