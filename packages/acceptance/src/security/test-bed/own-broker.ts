import { createBroker, type Broker, type BrokerOptions } from '@antiphon/broker'
import { RawClient } from './raw-client.js'

/** A broker of one attack, with options that the attack needs. */
export interface OwnBroker {
  readonly broker: Broker
  /** Connects a client, which is cut off after the attack. */
  readonly connect: (clientId: string, fields?: Parameters<typeof RawClient.connect>[2]) => Promise<RawClient>
  /** Opens a connection without sending CONNECT. */
  readonly connection: () => RawClient
}

/** Why such an attack is not run against a peer. */
export const noPeerReason = 'it needs options of the broker'

/** Runs an attack on a broker of its own. */
export async function withBroker<R>(options: BrokerOptions, run: (own: OwnBroker) => Promise<R>): Promise<R> {
  const broker = createBroker({ closeTimeout: 0, ...options })
  const clients: RawClient[] = []
  try {
    const { port } = await broker.listen({ protocol: 'tcp' })
    const track = (client: RawClient): RawClient => {
      clients.push(client)
      return client
    }
    return await run({
      broker,
      connect: async (clientId, fields) => track(await RawClient.connect(port, clientId, fields)),
      connection: () => track(new RawClient(port)),
    })
  } finally {
    for (const client of clients) client.cut()
    await broker.close()
  }
}
