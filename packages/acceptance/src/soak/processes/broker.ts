import { createBroker } from '@antiphon/broker'
import { durableStorage } from '@antiphon/broker/durable'
import { tell, told, whenTold } from '../../process/told.js'
import { takeSample } from '../sample.js'

/** What the broker of the soak is told. */
export interface SoakBrokerRole {
  readonly port: number
  readonly data: string
  readonly samples: string
  /** Milliseconds between two samples. */
  readonly every: number
}

const { port, data, samples, every } = told<SoakBrokerRole>()
const broker = createBroker({ storage: durableStorage(data), statsPeriod: every })
broker.stats$.subscribe(({ connections, sessions, subscriptions, retained, inFlight, queued, heldBytes }) =>
  takeSample(samples, { connections, sessions, subscriptions, retained, inFlight, queued, heldBytes }),
)
whenTold({ finish: () => void broker.close().then(() => tell('finished')) })
await broker.listen({ protocol: 'tcp', port })
tell('ready')
