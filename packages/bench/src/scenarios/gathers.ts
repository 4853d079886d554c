import { antiphon, byHand } from '../names.js'
import type { GatherResult } from '../peers/gather.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startPeerPair, stopPeerPair, type PeerPair } from './peer-pair.js'

/** Measures one request to many responders. */
export function gathers({ milliseconds, isShort, broker }: Settings): AnyScenario {
  const responders = isShort ? 10 : 50
  const gather = async ({ requester, responder }: PeerPair, duration: number): Promise<Sample> => {
    const before = await responder.call<number>('cpu')
    const options = { milliseconds: duration, responders }
    const gathered = await requester.call<GatherResult>('gather', options)
    const responderCpu = (await responder.call<number>('cpu')) - before
    const { requests, responses, cpu } = gathered
    return {
      rate: (requests * 1_000) / gathered.milliseconds,
      requester: cpu / requests,
      responder: responderCpu / requests,
      cpu: (cpu + responderCpu) / requests,
      sent: requests * responders,
      lost: requests * responders - responses,
    }
  }
  return scenario<PeerPair>({
    section: 'Gathering',
    about:
      'One request to many responders, each with its own connection, all in one process; QoS 1, one request at a time.',
    contestants: [antiphon, byHand],
    start: (contestant) => startPeerPair({ program: 'gather', contestant, broker, endpoints: responders }),
    warm: (pair) => gather(pair, milliseconds),
    stop: stopPeerPair,
    rows: [
      {
        title: `gather over ${responders} responders`,
        facts: { kind: 'gather', responders },
        seconds: milliseconds / 500,
        measure: (pair) => gather(pair, milliseconds * 2),
      },
    ],
  })
}
