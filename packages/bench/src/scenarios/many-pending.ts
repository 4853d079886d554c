import { setTimeout as wait } from 'node:timers/promises'
import { antiphon, byHand } from '../names.js'
import type { SettleResult } from '../peers/pending.js'
import { memoryOf } from './unary-pair.js'
import type { Sample } from '../result.js'
import { scenario, type AnyScenario, type Row } from '../scenario.js'
import { startPeerPair, stopPeerPair, type PeerPair } from './peer-pair.js'

const many = 100_000
const few = 100
/** The number of requests that are settled at a time. */
const batch = 100
const batches = 100
const payload = 32
/** The number of requests that are sent at a time. */
const portion = 2_000

/** A requester with pending requests, and a responder that answers on command. */
interface PendingSetup extends PeerPair {
  /** The number of pending requests. */
  pending: number
  /** The requester's memory before the first request, measured once, so that memory that is allocated once is counted. */
  bytes: number
}

/** Measures the memory of many pending requests, and the CPU time to settle one of many and one of few. */
export function manyPending(): AnyScenario {
  return scenario<PendingSetup>({
    section: 'Many requests pending at once',
    about: `Requests at QoS 1 that the broker has acknowledged and the responder has not answered. Memory is the growth of the requester's heap and buffers, without the ${payload} bytes of the payload. Responses then arrive ${batch} at a time, in random order, in both rows.`,
    contestants: [antiphon, byHand],
    isInterleaved: true,
    start: async (contestant) => {
      const options = {
        program: 'pending',
        contestant,
        broker: 'mosquitto',
        responder: 'withholding',
      } as const
      return { ...(await startPeerPair(options)), pending: 0, bytes: 0 }
    },
    warm: async (setup) => {
      for (let round = 0; round < 50; round += 1) await settleSome(setup, few)
      setup.bytes = await memoryOf(setup.requester)
    },
    stop: stopPeerPair,
    rows: [
      {
        title: `${many.toLocaleString('en')} pending, each`,
        facts: { kind: 'pending', pending: many, label: 'pending request' },
        seconds: 15,
        measure: measureMemory,
      },
      settlingRow(many, 3),
      settlingRow(few, 3),
    ],
  })
}

async function measureMemory(setup: PendingSetup): Promise<Sample> {
  await fill(setup, many)
  return { bytes: ((await settledMemory(setup)) - setup.bytes) / many - payload }
}

/** Returns the requester's memory after the broker's last acknowledgements. */
async function settledMemory({ requester }: PendingSetup): Promise<number> {
  let bytes = await memoryOf(requester)
  for (let attempt = 0; attempt < 10; attempt += 1) {
    await wait(300)
    const now = await memoryOf(requester)
    if (now > bytes * 0.999) return now
    bytes = now
  }
  return bytes
}

function settlingRow(pending: number, seconds: number): Row<PendingSetup> {
  return {
    title: `settling with ${pending.toLocaleString('en')} pending`,
    facts: { kind: 'settle', pending },
    seconds,
    measure: async (setup) => {
      if (setup.pending > pending) await settleAll(setup)
      let [cpu, settled] = [0, 0]
      for (let round = 0; round < batches; round += 1) {
        const part = await settleSome(setup, pending)
        cpu += part.cpu
        settled += part.settled
      }
      const sent = batches * batch
      // The other pending requests are answered too, and counted.
      const rest = setup.pending
      const settledLater = await settleAll(setup)
      return { requester: cpu / settled, sent: sent + rest, lost: sent + rest - settled - settledLater }
    },
  }
}

/** Sends requests up to a number of pending ones, and settles a batch of them. */
async function settleSome(setup: PendingSetup, pending: number): Promise<SettleResult> {
  // With many pending requests the exact number does not matter, and sending takes long.
  if (setup.pending < Math.max(batch, pending / 2)) await fill(setup, pending)
  return settle(setup, batch)
}

async function fill(setup: PendingSetup, pending: number): Promise<void> {
  // In portions: MQTT.js runs out of Packet Identifiers with 65 536 unacknowledged messages.
  while (setup.pending < pending) {
    const count = Math.min(portion, pending - setup.pending)
    await setup.requester.call('sendRequests', count)
    setup.pending += count
    await setup.responder.call('awaitRequests', setup.pending)
  }
}

/** Settles all pending requests, and returns their number. */
async function settleAll(setup: PendingSetup): Promise<number> {
  let settled = 0
  while (setup.pending > 0) settled += (await settle(setup, Math.min(portion, setup.pending))).settled
  return settled
}

async function settle(setup: PendingSetup, count: number): Promise<SettleResult> {
  const settled = setup.requester.call<SettleResult>('awaitSettled', count)
  // The responder answers only after the requester has started counting.
  const responded = setup.requester.call('startCpuCount').then(() => setup.responder.call('respond', count))
  setup.pending -= count
  const [result] = await Promise.all([settled, responded])
  return result
}
