import { createBroker } from '@antiphon/broker'
import { runPeer } from '../run-peer.js'

await runPeer(async () => {
  const limits = { connections: 20_000 }
  const { port } = await createBroker({ limits }).listen({ protocol: 'tcp' })
  return { port: () => port }
})
