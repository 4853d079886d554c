import { contestantNamed, contestants } from '../entrants.js'
import type { Slice } from '../peers/load.js'
import { startBroker, type Broker } from '../processes/broker.js'
import { startPeer, type Peer } from '../processes/peer.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario } from '../scenario.js'
import type { Settings } from '../settings.js'

/** A responder that waits for those who start cold. */
interface Waiting {
  readonly broker: Broker
  readonly responder: Peer
}

/** The time from starting a process to its first answer. */
export function coldStart({ isForeignWanted }: Settings): AnyScenario {
  return scenario<Waiting>({
    section: 'Cold start',
    about:
      'A new process: Node starts, loads the library, connects, subscribes, asks at QoS 0, and is answered. Antiphon and the Maps are one bundled file each, the others load their packages as npm installs them.',
    contestants: contestants.filter(({ isForeign }) => isForeignWanted || !isForeign).map(({ name }) => name),
    start: async (name) => {
      const { file, isNeighbour } = contestantNamed(name)
      const broker = await startBroker(isNeighbour === true ? 'nats' : 'mosquitto')
      const role = { contestant: name, part: 'responder', port: broker.port, qos: 0 } as const
      return { broker, responder: await startPeer(file(), role) }
    },
    stop: async ({ broker, responder }) => {
      await responder.stop()
      await broker.stop()
    },
    rows: [
      {
        title: 'first answer from a cold start',
        facts: { kind: 'cold' },
        seconds: 1,
        measure: async ({ broker }, name): Promise<Sample> => {
          const began = performance.now()
          const role = { contestant: name, part: 'requester', port: broker.port, qos: 0 } as const
          const requester = await startPeer(contestantNamed(name).file(), role)
          try {
            const { asked: requested, answered } = await requester.call<Slice>('slice', {
              inFlight: 1,
              milliseconds: 0,
              bytes: 32,
            })
            return { milliseconds: performance.now() - began, asked: requested, lost: requested - answered }
          } finally {
            await requester.stop()
          }
        },
      },
    ],
  })
}
