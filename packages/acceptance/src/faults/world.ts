import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startBroker, type BrokerUnderTest } from './broker-under-test.js'
import { bundled } from '../process/bundle.js'
import { makeClock, tidyClocks, type Clock } from './ground/clock.js'
import { mountDisk, type Disk } from './ground/disk.js'
import { readLedger, type Ledger } from './ledger.js'
import { hasFault, requesterNames, responderNames, type PeerName, type Plan } from './plan.js'
import type { RequesterRole } from './processes/requester.js'
import type { ResponderRole } from './processes/responder.js'
import { Program } from '../process/program.js'
import { stateFolder } from '../process/state-folder.js'
import { startProxy, type Proxy } from './proxy.js'

const peerNames = [...responderNames, ...requesterNames] as const

/** All processes of a run, and what stands between them. */
export interface World {
  readonly broker: BrokerUnderTest
  readonly peers: Readonly<Record<PeerName, Program>>
  readonly proxies: Readonly<Record<PeerName, Proxy>>
  /** Present for those whose clock is to be set. */
  readonly clocks: ReadonlyMap<PeerName | 'broker', Clock>
  /** Present where the broker's is to be filled. */
  readonly disk: Disk | undefined
  /** Processes that ended though nobody wanted them to. */
  readonly deaths: readonly string[]
  /** What all lives of all peers wrote. */
  readonly ledgers: () => readonly Ledger[]
  /** Ends everything at once. */
  readonly stop: () => Promise<void>
}

const diskSize = 32

/** Starts the world of a run; resolves when everybody is ready. */
export async function raise(plan: Plan, folder: string): Promise<World> {
  const deaths: string[] = []
  const died = (how: string): void => void deaths.push(how)
  const data = stateFolder()
  const disk = hasFault(plan, 'disk full') ? mountDisk(data, diskSize) : undefined
  const clocks = new Map(
    plan.faults.flatMap((fault) =>
      fault.kind === 'clock set' ? [[fault.who, makeClock(join(folder, `${fault.who}.clock`))] as const] : [],
    ),
  )
  const log = (name: string): string => join(folder, `${name}.log`)
  const file = (name: string, life: number): string => join(folder, `${name}.${life}.jsonl`)
  const envOf = (who: PeerName | 'broker'): NodeJS.ProcessEnv => clocks.get(who)?.env ?? {}

  const stops: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    for (const each of stops.reverse()) await each()
  }
  stops.push(() => rmSync(data, { recursive: true, force: true }))
  if (disk !== undefined) stops.push(disk.unmount)
  if (clocks.size > 0) stops.push(tidyClocks)
  try {
    const broker = await startBroker(plan.broker, { data, env: envOf('broker'), log: log('broker'), died })
    stops.push(broker.stop)
    const proxies = {} as Record<PeerName, Proxy>
    const peers = {} as Record<PeerName, Program>
    for (const name of peerNames) {
      const proxy = await startProxy(broker.port)
      stops.push(proxy.close)
      const isRequester = name.startsWith('requester')
      const role = (life: number): RequesterRole | ResponderRole => ({
        name,
        port: proxy.port,
        ledger: file(name, life),
        ...(isRequester && { rate: plan.rate / requesterNames.length, asking: plan.asking }),
      })
      const program = new Program({
        name,
        file: bundled('faults', isRequester ? 'requester' : 'responder'),
        role,
        env: envOf(name),
        log: log(name),
        died,
      })
      stops.push(() => program.kill())
      proxies[name] = proxy
      peers[name] = program
    }
    await Promise.all(peerNames.map((name) => peers[name].start()))
    const ledgers = (): readonly Ledger[] =>
      peerNames.flatMap((name) =>
        Array.from({ length: peers[name].lives }, (_, life) => readLedger(file(name, life), name, life)),
      )
    return { broker, peers, proxies, clocks, disk, deaths, ledgers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
