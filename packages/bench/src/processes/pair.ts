import { contestantNamed } from '../entrants.js'
import type { Memory } from '../peers/run-peer.js'
import type { Slice, SliceOrder } from '../peers/load.js'
import type { Form } from '../peers/unary.js'
import type { Sample } from '../result.js'
import { startBroker, type BrokerKind } from './broker.js'
import { startPeer, type Peer } from './peer.js'

/** Who asks whom through what. */
export interface PairRules {
  readonly requester: string
  readonly responder: string
  readonly broker: BrokerKind
  readonly qos: 0 | 1 | 2
  /** How many endpoints are served and asked. @defaultValue 1 */
  readonly endpoints?: number
  /** A folder for the CPU profiles of both, if any. */
  readonly profile?: string
}

/** A requester and a responder in processes of their own, at a broker of their own. */
export interface Pair {
  readonly slice: (order: SliceOrder & { readonly form?: Form }) => Promise<Sample>
  readonly responder: Peer
  readonly stop: () => Promise<void>
}

/** Starts both, the responder first. */
export async function startPair({
  requester,
  responder,
  broker: kind,
  qos,
  ...rest
}: PairRules): Promise<Pair> {
  const { endpoints = 1, profile } = rest
  const requesting = contestantNamed(requester)
  const answering = contestantNamed(responder)
  const broker = await startBroker(requesting.isNeighbour === true ? 'nats' : kind)
  const started: Peer[] = []
  const stop = async (): Promise<void> => {
    for (const peer of started) await peer.stop()
    await broker.stop()
  }
  const start = async (file: string, contestant: string, part: 'requester' | 'responder'): Promise<Peer> => {
    const node = profile === undefined ? [] : profiling(profile, `${contestant}-${part}`)
    const peer = await startPeer(file, { contestant, part, port: broker.port, qos, endpoints }, { node })
    started.push(peer)
    return peer
  }
  try {
    const serving = await start(answering.file(), responder, 'responder')
    const calling = await start(requesting.file(), requester, 'requester')
    const slice: Pair['slice'] = async (order) => {
      const before = await serving.call<number>('cpu')
      const {
        asked: requested,
        answered,
        milliseconds,
        p50,
        p99,
        cpu,
        error,
      } = await calling.call<Slice>('slice', order)
      const served = (await serving.call<number>('cpu')) - before
      if (answered === 0) throw new Error(error ?? 'nothing was answered')
      return {
        rate: (answered * 1_000) / milliseconds,
        p50,
        p99,
        requester: cpu / answered,
        responder: served / answered,
        cpu: (cpu + served) / answered,
        asked: requested,
        lost: requested - answered,
        ...(error === undefined ? {} : { fault: error }),
      }
    }
    return { slice, responder: serving, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Lets the compilers finish with both: after so many requests they have, and longer than 3 s nobody waits for it. */
export async function warmUp(pair: Pair, inFlight: number, requests = 15_000): Promise<void> {
  const end = performance.now() + 3_000
  for (let done = 0; done < requests && performance.now() < end;) {
    const { asked: requested = 0 } = await pair.slice({ inFlight, milliseconds: 300, bytes: 32 })
    done += requested
  }
}

/** Bytes that a process holds, in its heap and beside it. */
export async function memoryOf(peer: Peer): Promise<number> {
  const { heap, external } = await peer.call<Memory>('memory')
  return heap + external
}

function profiling(folder: string, name: string): string[] {
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${name.replaceAll(/\W+/g, '-')}.cpuprofile`,
  ]
}
