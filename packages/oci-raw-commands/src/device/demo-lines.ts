import type { DeviceEvent } from './run-device.js'

const decoder = new TextDecoder()

/** What the original program prints when its loop begins. */
export const firstLine = 'Telemetry loop -- Press Ctrl-C to stop.'

/** What the original program prints when all is over. */
export const lastLine = 'Terminated'

/** What the original program prints of an event; `undefined` where it says nothing. */
export function demoLine(event: DeviceEvent): string | undefined {
  switch (event.event) {
    case 'sending':
      return `Sending message #${event.sample.count}`
    case 'connected':
      return 'Connected with result code Success'
    case 'received': {
      const line = `Received command on ${event.command.topic}: ${decoder.decode(event.command.payload)}`
      return event.isShutdown ? `${line}\nShutdown command received. Preparing to exit...` : line
    }
    case 'replying':
      return `Sending ack to ${event.topic}: ${decoder.decode(event.payload)}`
    case 'stopping':
      return 'Waiting 2 seconds to process possible /cmd messages...'
    case 'done':
      return undefined
  }
}
