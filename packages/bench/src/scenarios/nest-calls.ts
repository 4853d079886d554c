import { antiphon } from '../names.js'
import { startBroker, type Broker } from '../processes/broker.js'
import { contestantsPath } from '../processes/install.js'
import { startPeer, type Peer } from '../processes/peer.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'

/** The calls of a row. */
const count = 200
/** Milliseconds after which a call is lost. */
const milliseconds = 1_000

/** A client and a service of NestJS in separate processes, with their own broker. */
interface NestPair {
  readonly client: Peer
  readonly service: Peer
  readonly broker: Broker
}

/** What the client has measured. */
interface Calls {
  readonly answered: number
  readonly cpu: number
  readonly milliseconds: number
}

/** Measures calls between applications of NestJS, with its own transport and with this library's. */
export function nestCalls({ broker: kind }: Settings): AnyScenario {
  return scenario<NestPair>({
    section: 'Calls in NestJS',
    about: `${count} calls of one controller by a ClientProxy, each with its defaults. A call without a response after ${milliseconds} ms is lost, and the next one is made in its place.`,
    contestants: [antiphon, 'Antiphon, wire of NestJS', 'NestJS'],
    start: async (contestant) => {
      const broker = await startBroker(kind)
      const role = { contestant, port: broker.port, qos: 1 } as const
      const file = contestantsPath('nest-calls.mjs')
      try {
        const service = await startPeer(file, { ...role, part: 'responder' })
        const client = await startPeer(file, { ...role, part: 'requester' })
        return { client, service, broker }
      } catch (error) {
        await broker.stop()
        throw error
      }
    },
    stop: async ({ client, service, broker }) => {
      await client.stop()
      await service.stop()
      await broker.stop()
    },
    rows: [2, 8, 64].map((inFlight): Row<NestPair> => ({
      title: `${count} calls, ${inFlight} in flight`,
      facts: { kind: 'nest-calls', inFlight },
      seconds: (count / inFlight) * (milliseconds / 1_000),
      measure: async ({ client, service }) => {
        const before = await service.call<number>('cpu')
        const calls = await client.call<Calls>('calls', { count, inFlight, milliseconds })
        const serviceCpu = (await service.call<number>('cpu')) - before
        return {
          rate: (calls.answered * 1_000) / calls.milliseconds,
          requester: calls.cpu / count,
          responder: serviceCpu / count,
          cpu: (calls.cpu + serviceCpu) / count,
          sent: count,
          lost: count - calls.answered,
        }
      },
    })),
  })
}
