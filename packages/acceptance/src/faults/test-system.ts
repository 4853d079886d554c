import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { startBroker, type BrokerUnderTest } from './broker-under-test.js'
import { bundlePath } from '../process/bundle.js'
import { createClock, removeStaleClocks, type Clock } from './machine/clock.js'
import { mountDisk, type Disk } from './machine/disk.js'
import { inspectRun } from './inspect-run.js'
import type { InspectedRun } from './run/inspected-run.js'
import { readLedger, type Ledger } from './run/ledger.js'
import { hasFault, requesterNames, responderNames, type PeerName, type Plan } from './run/plan.js'
import type { RequesterRole } from './processes/requester.js'
import type { ResponderRole } from './processes/responder.js'
import { ManagedProcess } from '../process/managed-process.js'
import { stateFolder } from '../process/state-folder.js'
import { startProxy, type Proxy } from './proxy.js'

const peerNames = [...responderNames, ...requesterNames] as const

/** All processes of a run, and the proxies between them. */
export interface TestSystem {
  readonly broker: BrokerUnderTest
  readonly peers: Readonly<Record<PeerName, ManagedProcess>>
  readonly proxies: Readonly<Record<PeerName, Proxy>>
  /** The clocks that the plan sets. */
  readonly clocks: ReadonlyMap<PeerName | 'broker', Clock>
  /** The broker's disk, if the plan fills it. */
  readonly disk: Disk | undefined
  /** Descriptions of unexpected exits. */
  readonly unexpectedExits: readonly string[]
  /** Reads the ledgers of all peers, one for each start. */
  readonly ledgers: () => readonly Ledger[]
  /** Returns what the inspector shows of the run; `undefined` if it does not watch it. */
  readonly inspect: () => Promise<InspectedRun | undefined>
  /** Stops all processes at once. */
  readonly stop: () => Promise<void>
}

const diskMegabytes = 32

/** Starts the processes of a run; resolves when all are ready. With `isWatched`, they record events for the inspector. */
export async function startTestSystem(plan: Plan, folder: string, isWatched: boolean): Promise<TestSystem> {
  const unexpectedExits: string[] = []
  const onUnexpectedExit = (description: string): void => void unexpectedExits.push(description)
  const data = stateFolder()
  const disk = hasFault(plan, 'disk full') ? mountDisk(data, diskMegabytes) : undefined
  const clocks = new Map(
    plan.faults.flatMap((fault) =>
      fault.kind === 'clock set'
        ? [[fault.target, createClock(join(folder, `${fault.target}.clock`))] as const]
        : [],
    ),
  )
  const log = (name: string): string => join(folder, `${name}.log`)
  const file = (name: string, restarts: number): string => join(folder, `${name}.${restarts}.jsonl`)
  const eventFile = (name: string, restarts: number): string =>
    join(folder, `${name}.${restarts}.events.ndjson`)
  const envOf = (who: PeerName | 'broker'): NodeJS.ProcessEnv => clocks.get(who)?.env ?? {}

  const stops: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.reverse()) await stopPart()
  }
  stops.push(() => rmSync(data, { recursive: true, force: true }))
  if (disk !== undefined) stops.push(disk.unmount)
  if (clocks.size > 0) stops.push(removeStaleClocks)
  try {
    const broker = await startBroker(plan.broker, {
      data,
      env: envOf('broker'),
      log: log('broker'),
      onUnexpectedExit,
    })
    stops.push(broker.stop)
    const proxies = {} as Record<PeerName, Proxy>
    const peers = {} as Record<PeerName, ManagedProcess>
    for (const name of peerNames) {
      const proxy = await startProxy(broker.port)
      stops.push(proxy.close)
      const isRequester = name.startsWith('requester')
      const role = (restarts: number): RequesterRole | ResponderRole => ({
        name,
        port: proxy.port,
        ledger: file(name, restarts),
        requestPolicy: plan.requestPolicy,
        ...(isWatched && { events: eventFile(name, restarts) }),
        ...(isRequester && { rate: plan.rate / requesterNames.length }),
      })
      const program = new ManagedProcess({
        name,
        file: bundlePath('faults', isRequester ? 'requester' : 'responder'),
        role,
        env: envOf(name),
        log: log(name),
        onUnexpectedExit,
      })
      stops.push(() => program.kill())
      proxies[name] = proxy
      peers[name] = program
    }
    await Promise.all(peerNames.map((name) => peers[name].start()))
    const ledgers = (): readonly Ledger[] =>
      peerNames.flatMap((name) =>
        Array.from({ length: peers[name].starts }, (_, restarts) =>
          readLedger(file(name, restarts), name, restarts),
        ),
      )
    const inspect = async (): Promise<InspectedRun | undefined> =>
      isWatched
        ? inspectRun(
            peerNames.flatMap((name) =>
              Array.from({ length: peers[name].starts }, (_, restarts) => eventFile(name, restarts)),
            ),
          )
        : undefined
    return { broker, peers, proxies, clocks, disk, unexpectedExits, ledgers, inspect, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
