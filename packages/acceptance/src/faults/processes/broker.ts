import { createBroker } from '@antiphon/broker'
import { durableStorage } from '@antiphon/broker/durable'
import { notifyParent, onParentMessage, readRole } from '../../process/parent-process.js'

/** The role of the embedded broker. */
export interface BrokerRole {
  readonly port: number
  /** The folder of its store. */
  readonly data: string
}

const { port, data } = readRole<BrokerRole>()
// `sharedOffline: 'queue'` keeps acknowledged requests while no member of the group is connected.
const broker = createBroker({
  storage: durableStorage(data),
  sharedOffline: 'queue',
  limits: { queueMessages: 60_000 },
})
broker.events$.subscribe((event) => {
  if (event.type === 'storage-failed' || event.type === 'listener-failed' || event.type === 'dropped')
    console.error(JSON.stringify(event))
})
onParentMessage({ finish: () => void broker.close().then(() => notifyParent('finished')) })
await broker.listen({ protocol: 'tcp', port })
notifyParent('ready')
