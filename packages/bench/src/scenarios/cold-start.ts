import { contestantNamed, contestants, isVariant } from '../contestants.js'
import type { Slice } from '../peers/load.js'
import { startBroker, type Broker } from '../processes/broker.js'
import { startPeer, type Peer } from '../processes/peer.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario } from '../scenario.js'
import type { Settings } from '../settings.js'

/** A running responder at a broker. */
interface ColdStartSetup {
  readonly broker: Broker
  readonly responder: Peer
}

/** Measures the time from the start of a requester process to its first response. */
export function coldStart({ includesForeign }: Settings): AnyScenario {
  return scenario<ColdStartSetup>({
    section: 'Cold start',
    about:
      'A new process: Node starts, loads the library, connects, subscribes, sends a request at QoS 0 and receives the response. Antiphon and the Maps are one bundled file each, the others load their packages as npm installs them.',
    contestants: contestants
      .filter(
        ({ name, isForeign, broker }) =>
          !isVariant(name) && (includesForeign || !isForeign) && broker !== 'none',
      )
      .map(({ name }) => name),
    start: async (name) => {
      const { file, broker: kind = 'mosquitto' } = contestantNamed(name)
      const broker = await startBroker(kind)
      const role = { contestant: name, part: 'responder', port: broker.port, qos: 0 } as const
      return { broker, responder: await startPeer(file(), role) }
    },
    stop: async ({ broker, responder }) => {
      await responder.stop()
      await broker.stop()
    },
    rows: [
      {
        title: 'first response from a cold start',
        facts: { kind: 'cold' },
        seconds: 1,
        measure: async ({ broker }, name): Promise<Sample> => {
          const began = performance.now()
          const role = { contestant: name, part: 'requester', port: broker.port, qos: 0 } as const
          const requester = await startPeer(contestantNamed(name).file(), role)
          try {
            const { sent, answered } = await requester.call<Slice>('slice', {
              inFlight: 1,
              milliseconds: 0,
              bytes: 32,
            })
            return { milliseconds: performance.now() - began, sent, lost: sent - answered }
          } finally {
            await requester.stop()
          }
        },
      },
    ],
  })
}
