import { contestantNamed } from '../contestants.js'
import type { Memory } from '../peers/run-peer.js'
import type { Slice, SliceOptions } from '../peers/load.js'
import type { Form } from '../peers/unary.js'
import type { Sample } from '../result.js'
import { startBroker, type BrokerKind } from '../processes/broker.js'
import { countsInstructions, startCount } from '../processes/instructions.js'
import { startPeer, type Peer } from '../processes/peer.js'

/** The contestants and the broker of a pair. */
export interface UnaryPairOptions {
  readonly requester: string
  readonly responder: string
  readonly broker: BrokerKind
  readonly qos: 0 | 1 | 2
  /**
   * The number of endpoints.
   *
   * @defaultValue 1
   */
  readonly endpoints?: number
  /** The folder for the CPU profiles of both processes. */
  readonly profile?: string
}

/** A requester and a responder in separate processes, with their own broker. */
export interface UnaryPair {
  readonly slice: (options: SliceOptions & { readonly form?: Form }) => Promise<Sample>
  readonly responder: Peer
  readonly stop: () => Promise<void>
}

/** Starts a pair, the responder first. */
export async function startUnaryPair({
  requester,
  responder,
  broker: kind,
  qos,
  ...rest
}: UnaryPairOptions): Promise<UnaryPair> {
  const { endpoints = 1, profile } = rest
  const requesterContestant = contestantNamed(requester)
  const responderContestant = contestantNamed(responder)
  const broker = await startBroker(requesterContestant.broker ?? kind)
  const started: Peer[] = []
  const stop = async (): Promise<void> => {
    for (const peer of started) await peer.stop()
    await broker.stop()
  }
  const start = async (file: string, contestant: string, part: 'requester' | 'responder'): Promise<Peer> => {
    const node = profile === undefined ? [] : profilingArguments(profile, `${contestant}-${part}`)
    const peer = await startPeer(file, { contestant, part, port: broker.port, qos, endpoints }, { node })
    started.push(peer)
    return peer
  }
  try {
    const responderPeer = await start(responderContestant.file(), responder, 'responder')
    const requesterPeer = await start(requesterContestant.file(), requester, 'requester')
    const slice: UnaryPair['slice'] = async (options) => {
      const count = countsInstructions()
        ? await startCount([requesterPeer.pid, responderPeer.pid])
        : undefined
      const brokerBefore = broker.cpu()
      const before = await responderPeer.call<number>('cpu')
      const { sent, answered, milliseconds, p50, p99, cpu, error } = await requesterPeer.call<Slice>(
        'slice',
        options,
      )
      const responderCpu = (await responderPeer.call<number>('cpu')) - before
      const brokerCpu = difference(broker.cpu(), brokerBefore)
      const instructions = await count?.stop()
      if (answered === 0) throw new Error(error ?? 'no request was answered')
      return {
        rate: (answered * 1_000) / milliseconds,
        p50,
        p99,
        requester: cpu / answered,
        responder: responderCpu / answered,
        cpu: (cpu + responderCpu) / answered,
        ...(brokerCpu === undefined ? {} : { broker: brokerCpu / answered }),
        ...(instructions === undefined ? {} : { instructions: instructions / answered }),
        sent,
        lost: sent - answered,
        ...(error === undefined ? {} : { fault: error }),
      }
    }
    return { slice, responder: responderPeer, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Warms up both JIT compilers: sends requests until they are compiled, or until they take longer than on any quiet machine. */
export async function warmUp(pair: UnaryPair, inFlight: number, requests = 15_000): Promise<void> {
  const end = performance.now() + Math.max(10_000, requests / 10)
  for (let done = 0; done < requests && performance.now() < end;) {
    const { sent: sent = 0 } = await pair.slice({ inFlight, milliseconds: 300, bytes: 32 })
    done += sent
  }
}

/**
 * Warms up a pair for rows with one and with many requests in flight.
 *
 * With one in flight each message has a turn of its own; code that was compiled for many messages a turn runs at half the
 * speed for the first seconds.
 */
export async function warmUpForAll(
  pair: UnaryPair,
  inFlight: number,
  { isShort }: { readonly isShort: boolean },
): Promise<void> {
  await warmUp(pair, inFlight, isShort ? 500 : undefined)
  if (!isShort) await warmUp(pair, 1, 8_000)
}

/** Returns the memory of a process in bytes, on the heap and external. */
export async function memoryOf(peer: Peer): Promise<number> {
  const { heap, external } = await peer.call<Memory>('memory')
  return heap + external
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before
}

function profilingArguments(folder: string, name: string): string[] {
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    `--cpu-prof-name=${name.replaceAll(/\W+/g, '-')}.cpuprofile`,
  ]
}
