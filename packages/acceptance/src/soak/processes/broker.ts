import { createBroker } from '@antiphon/broker'
import { durableStorage } from '@antiphon/broker/durable'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'
import { takeSample } from '../sample.js'

/** The role of the broker in the soak. */
export interface SoakBrokerRole {
  readonly port: number
  readonly data: string
  readonly samples: string
  /** Milliseconds between two samples. */
  readonly samplePeriod: number
}

const { port, data, samples, samplePeriod } = readRole<SoakBrokerRole>()
const broker = createBroker({ storage: durableStorage(data), statsPeriod: samplePeriod })
broker.stats$.subscribe(({ connections, sessions, subscriptions, retained, inFlight, queued, heldBytes }) =>
  takeSample(samples, { connections, sessions, subscriptions, retained, inFlight, queued, heldBytes }),
)
onParentMessage({ finish: () => void broker.close().then(() => notifyParent('finished')) })
await broker.listen({ protocol: 'tcp', port })
notifyParent('ready')
