import { antiphon, byHand } from '../names.js'
import type { StreamResult, StreamOptions } from '../peers/stream.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startPeerPair, stopPeerPair, type PeerPair } from './peer-pair.js'

/** Measures one request with many responses. */
export function streams({ isShort, broker }: Settings): AnyScenario {
  const items = isShort ? 5_000 : 100_000
  const row = (title: string, credit: number | undefined, excluded: readonly string[]): Row<PeerPair> => ({
    title,
    facts: { kind: 'stream', items, credit: credit ?? 'none' },
    seconds: items / 12_000,
    excluded,
    measure: async ({ requester, responder }) => {
      const options: StreamOptions = { items, ...(credit === undefined ? {} : { credit }) }
      const before = await responder.call<number>('cpu')
      const received = await requester.call<StreamResult>('stream', options)
      const responderCpu = (await responder.call<number>('cpu')) - before
      if (!received.isInOrder) throw new Error('items arrived out of order')
      return {
        rate: (received.items * 1_000) / received.milliseconds,
        requester: received.cpu / received.items,
        responder: responderCpu / received.items,
        cpu: (received.cpu + responderCpu) / received.items,
        sent: items,
        lost: items - received.items,
      }
    },
  })
  const title = `${items.toLocaleString('en')} items`
  return scenario<PeerPair>({
    section: 'Streams',
    about:
      'One request with many responses at QoS 1. The hand-written responder keeps 256 items in flight and has no credit.',
    contestants: [antiphon, byHand],
    isInterleaved: true,
    start: (contestant) => startPeerPair({ program: 'stream', contestant, broker }),
    warm: ({ requester }) => requester.call('stream', { items: 5_000 }),
    stop: stopPeerPair,
    rows: [row(title, undefined, []), row(`${title}, credit 256`, 256, [byHand])],
  })
}
