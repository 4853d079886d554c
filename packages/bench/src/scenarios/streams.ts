import { antiphon, byHand } from '../names.js'
import type { Received, StreamOrder } from '../peers/stream.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import type { Settings } from '../settings.js'
import { startTwo, stopTwo, type Two } from './two-programs.js'

/** One question with many answers. */
export function streams({ isShort, broker }: Settings): AnyScenario {
  const items = isShort ? 5_000 : 100_000
  const row = (title: string, credit: number | undefined, without: readonly string[]): Row<Two> => ({
    title,
    facts: { kind: 'stream', items, credit: credit ?? 'none' },
    seconds: items / 12_000,
    without,
    measure: async ({ requester, responder }) => {
      const order: StreamOrder = { items, ...(credit === undefined ? {} : { credit }) }
      const before = await responder.call<number>('cpu')
      const received = await requester.call<Received>('stream', order)
      const sent = (await responder.call<number>('cpu')) - before
      if (!received.isInOrder) throw new Error('items came out of order')
      return {
        rate: (received.items * 1_000) / received.milliseconds,
        requester: received.cpu / received.items,
        responder: sent / received.items,
        cpu: (received.cpu + sent) / received.items,
        asked: items,
        lost: items - received.items,
      }
    },
  })
  const title = `${items.toLocaleString('en')} items`
  return scenario<Two>({
    section: 'Streams',
    about:
      'One question, many answers at QoS 1. By hand, the responder keeps 256 items under way and there is no credit.',
    contestants: [antiphon, byHand],
    isWoven: true,
    start: (contestant) => startTwo({ program: 'stream', contestant, broker }),
    warm: ({ requester }) => requester.call('stream', { items: 5_000 }),
    stop: stopTwo,
    rows: [row(title, undefined, []), row(`${title}, credit 256`, 256, [byHand])],
  })
}
