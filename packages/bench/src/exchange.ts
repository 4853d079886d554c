import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startMosquitto } from './broker-contestants.js'
import type { PeerRole } from './exchange-peer.js'

const isFull = process.argv.includes('--full')
/** Folder for the CPU profiles of our processes, if any. */
const profile = process.argv.find((argument) => argument.startsWith('--profile='))?.slice('--profile='.length)
const [rounds, questions] = isFull ? [21, 20_000] : [9, 5_000]

/** A process that is told a number and says microseconds of CPU. */
interface Peer {
  readonly measure: (questions: number) => Promise<number>
  readonly stop: () => void
}

async function start(parts: PeerRole): Promise<Peer> {
  const options =
    profile === undefined || parts.name !== 'antiphon'
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${parts.role}.cpuprofile`]
  const child = fork(
    fileURLToPath(new URL('./exchange-peer.mjs', import.meta.url)),
    [JSON.stringify(parts)],
    {
      execArgv: options,
    },
  )
  await once(child, 'message')
  return {
    measure: async (count) => {
      child.send(count)
      const [microseconds] = (await once(child, 'message')) as [number]
      return microseconds
    },
    stop: () => child.disconnect(),
  }
}

/** Microseconds of CPU a request, for either end. */
interface Cost {
  readonly requester: number
  readonly responder: number
}

/** A pair of processes; costs a round of questions. */
async function startPair(name: PeerRole['name']): Promise<{ round: () => Promise<Cost>; stop: () => void }> {
  // A broker of its own for each, so that neither pays for the other's subscriptions.
  const broker = await startMosquitto()
  const responder = await start({ name, role: 'responder', port: broker.port })
  const requester = await start({ name, role: 'requester', port: broker.port })
  return {
    round: async () => {
      const before = await responder.measure(0)
      const spent = await requester.measure(questions)
      const after = await responder.measure(0)
      return { requester: spent / questions, responder: (after - before) / questions }
    },
    stop: () => {
      requester.stop()
      responder.stop()
      broker.stop()
    },
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

const names = ['antiphon', 'by hand'] as const
const pairs = [await startPair('antiphon'), await startPair('by hand')] as const
const costs: readonly Cost[][] = names.map(() => [])
// The first rounds run before the compiler is done.
for (let round = -2; round < rounds; round += 1)
  for (const [index, pair] of pairs.entries()) {
    const cost = await pair.round()
    if (round >= 0) costs[index]?.push(cost)
  }
for (const pair of pairs) pair.stop()

const medians = costs.map((all) => ({
  requester: median(all.map(({ requester }) => requester)),
  responder: median(all.map(({ responder }) => responder)),
  both: median(all.map(({ requester, responder }) => requester + responder)),
}))
const [antiphon, byHand] = medians
if (antiphon === undefined || byHand === undefined) throw new Error('nothing was measured')
console.log(`CPU microseconds a request, medians of ${rounds} rounds of ${questions} questions, taking turns`)
for (const part of ['requester', 'responder', 'both'] as const) {
  const ratio = antiphon[part] / byHand[part]
  const ours = antiphon[part].toFixed(1)
  console.log(
    `${part.padEnd(9)}  antiphon ${ours}  by hand ${byHand[part].toFixed(1)}  ratio ${ratio.toFixed(2)}`,
  )
}
