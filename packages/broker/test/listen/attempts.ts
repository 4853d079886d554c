import { createBroker } from '../../src/index.js'
import type { Broker, BrokerEvent, BrokerOptions, ConnectAttempt } from '../../src/index.js'
import { hex } from '../world.js'

/** A CONNECT of MQTT 5 with the Client Identifier `a`, and a PINGREQ. */
export const connectAndPing: Buffer = hex('10 0e 00044d515454 05 02 0000 00 0001 61 c0 00')

/** A broker that records the events and what its `authenticate` hook receives. */
export interface RecordingBroker {
  readonly broker: Broker
  readonly attempts: ConnectAttempt[]
  readonly events: BrokerEvent[]
}

/** Creates a broker that records connect attempts. */
export function recordAttempts(options: BrokerOptions = {}): RecordingBroker {
  const attempts: ConnectAttempt[] = []
  const events: BrokerEvent[] = []
  const broker = createBroker({
    ...options,
    authority: {
      authenticate: (attempt) => {
        attempts.push(attempt)
        return { admit: true }
      },
    },
  })
  broker.events$.subscribe((event) => events.push(event))
  return { broker, attempts, events }
}
