import type { DeviceEvent } from './run-device.js'

const decoder = new TextDecoder()

/** The line that the original program prints when its loop starts. */
export const firstLine = 'Telemetry loop -- Press Ctrl-C to stop.'

/** The line that the original program prints when it ends. */
export const lastLine = 'Terminated'

/** Returns the line that the original program prints for an event, or `undefined` if it prints nothing. */
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
    case 'responding':
      return `Sending ack to ${event.topic}: ${decoder.decode(event.payload)}`
    case 'stopping':
      return `${event.isInterrupted ? '\nInterrupted by user. Exiting...\n' : ''}Waiting 2 seconds to process possible /cmd messages...`
    case 'done':
      return undefined
  }
}
