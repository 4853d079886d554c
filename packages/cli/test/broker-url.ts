import { createBroker, type Broker, type BrokerOptions } from '@antiphon/broker'

/** Starts an embedded broker on a free port. */
export async function startBroker(options: BrokerOptions = {}): Promise<{ broker: Broker; url: string }> {
  const broker = createBroker(options)
  const { port } = await broker.listen({ protocol: 'tcp', port: 0, host: '127.0.0.1' })
  return { broker, url: `mqtt://127.0.0.1:${port}` }
}
