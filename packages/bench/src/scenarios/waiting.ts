import { setTimeout as wait } from 'node:timers/promises'
import { antiphon, byHand } from '../names.js'
import type { Settled } from '../peers/pending.js'
import { memoryOf } from '../processes/pair.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import { startTwo, stopTwo, type Two } from './two-programs.js'

const many = 100_000
const few = 100
/** How many are settled at a time, whatever else is pending. */
const batch = 100
const batches = 100
const payload = 32
/** How many are asked at a time. */
const portion = 2_000

/** A requester with questions that nobody answers yet. */
interface Waiting extends Two {
  /** How many are pending. */
  pending: number
  /** What its process held before anything was pending: one measure for all rounds, so that room made once stays counted. */
  bytes: number
}

/** What many pending requests hold, and what it costs to settle one of many and one of few. */
export function waiting(): AnyScenario {
  return scenario<Waiting>({
    section: 'Many requests pending at once',
    about: `Asked at QoS 1, acknowledged by the broker, not answered. Memory is what the requester's heap and buffers grew by, less the ${payload} bytes of the payload. Answers then come ${batch} at a time, to any of the pending, in both rows.`,
    contestants: [antiphon, byHand],
    isWoven: true,
    start: async (contestant) => {
      const rules = { program: 'pending', contestant, broker: 'mosquitto', responder: 'withholding' } as const
      return { ...(await startTwo(rules)), pending: 0, bytes: 0 }
    },
    warm: async (stage) => {
      for (let round = 0; round < 50; round += 1) await settleSome(stage, few)
      stage.bytes = await memoryOf(stage.requester)
    },
    stop: stopTwo,
    rows: [
      {
        title: `${many.toLocaleString('en')} pending, each`,
        facts: { kind: 'pending', pending: many, label: 'pending request' },
        seconds: 15,
        measure: hold,
      },
      settling(many, 3),
      settling(few, 3),
    ],
  })
}

async function hold(stage: Waiting): Promise<Sample> {
  await fill(stage, many)
  return { bytes: ((await settledMemory(stage)) - stage.bytes) / many - payload }
}

/** What the requester holds once the broker's last acknowledgements have come. */
async function settledMemory({ requester }: Waiting): Promise<number> {
  let bytes = await memoryOf(requester)
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await wait(300)
    const now = await memoryOf(requester)
    if (now > bytes * 0.999) return now
    bytes = now
  }
  return bytes
}

function settling(pending: number, seconds: number): Row<Waiting> {
  return {
    title: `settling with ${pending.toLocaleString('en')} pending`,
    facts: { kind: 'settle', pending },
    seconds,
    measure: async (stage) => {
      if (stage.pending > pending) await settleAll(stage)
      let [cpu, settled] = [0, 0]
      for (let round = 0; round < batches; round += 1) {
        const part = await settleSome(stage, pending)
        cpu += part.cpu
        settled += part.settled
      }
      const requested = batches * batch
      // Those of the many that were not measured are answered, too, and counted.
      const rest = stage.pending
      const others = await settleAll(stage)
      return { requester: cpu / settled, asked: requested + rest, lost: requested + rest - settled - others }
    },
  }
}

/** Fills up to so many pending, and settles a batch of them. */
async function settleSome(stage: Waiting, pending: number): Promise<Settled> {
  // Among many it does not matter whether some are gone; filling up each time would take long.
  if (stage.pending < Math.max(batch, pending / 2)) await fill(stage, pending)
  return settle(stage, batch)
}

async function fill(stage: Waiting, pending: number): Promise<void> {
  // In portions: MQTT.js runs out of packet identifiers when 65 536 wait for the broker at once.
  while (stage.pending < pending) {
    const count = Math.min(portion, pending - stage.pending)
    await stage.requester.call('ask', count)
    stage.pending += count
    await stage.responder.call('held', stage.pending)
  }
}

/** Settles all that is pending, and says how many were. */
async function settleAll(stage: Waiting): Promise<number> {
  let settled = 0
  while (stage.pending > 0) settled += (await settle(stage, Math.min(portion, stage.pending))).settled
  return settled
}

async function settle(stage: Waiting, count: number): Promise<Settled> {
  const settled = stage.requester.call<Settled>('settle', count)
  // Answered when it is ready to count, and no sooner.
  const answered = stage.requester.call('begin').then(() => stage.responder.call('answer', count))
  stage.pending -= count
  const [found] = await Promise.all([settled, answered])
  return found
}
