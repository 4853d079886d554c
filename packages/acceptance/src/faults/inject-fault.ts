import { exhaustDescriptors } from './machine/descriptors.js'
import { endSession } from './end-session.js'
import { freeFlow } from './flow.js'
import { responderNames, type Fault, type PeerName } from './run/plan.js'
import { between, type Random } from './random.js'
import type { TestSystem } from './test-system.js'

/** Ends a fault and restores the normal state. */
export type RevertFault = () => Promise<void> | void

/** Injects a fault; resolves with a function that ends it. */
export async function injectFault(fault: Fault, system: TestSystem, random: Random): Promise<RevertFault> {
  const { broker, peers, proxies } = system
  switch (fault.kind) {
    case 'broker killed':
      await broker.kill()
      return () => broker.restart()
    case 'responder killed':
      await peers[fault.peer].kill()
      return () => peers[fault.peer].start()
    case 'rolling restart': {
      const restarted = restartResponders(system)
      // Awaited at the end of the fault: an earlier rejection must not end the suite.
      restarted.catch(() => undefined)
      return () => restarted
    }
    case 'broker stopped':
      return stopProcess(broker.pid())
    case 'responder stopped':
    case 'requester stopped':
      return stopProcess(peers[fault.peer].pid)
    case 'connection cut':
      return blockConnections(system, fault.peer)
    case 'one side cut':
      proxies[fault.peer].cutSide(fault.side)
      return () => proxies[fault.peer].cut()
    case 'half closed':
      proxies[fault.peer].halfClose(fault.direction)
      return () => proxies[fault.peer].cut()
    case 'stalled':
      proxies[fault.peer].rule(fault.direction, { isStalled: true })
      return () => proxies[fault.peer].rule(fault.direction, freeFlow)
    case 'delayed':
      return ruleBothDirections(system, fault.peer, { delay: fault.milliseconds })
    case 'throttled':
      return ruleBothDirections(system, fault.peer, { bytesPerSecond: fault.bytesPerSecond })
    case 'corrupted':
      proxies[fault.peer].rule(fault.direction, { change: (bytes) => withFlaw(bytes, random) })
      return () => {
        proxies[fault.peer].rule(fault.direction, freeFlow)
        // A damaged acknowledgement is only repeated on the next connection.
        proxies[fault.peer].cut()
      }
    case 'session dropped': {
      const readmit = blockConnections(system, fault.peer)
      await endSession(broker.port, fault.peer)
      return readmit
    }
    case 'disk full':
      system.disk?.fill()
      return () => system.disk?.free()
    case 'files exhausted': {
      const { target } = fault
      const pid = target === 'broker' ? broker.pid() : peers[target].pid
      const restoreLimit = pid === undefined ? (): void => undefined : exhaustDescriptors(pid)
      const affected = target === 'broker' ? Object.values(proxies) : [proxies[target]]
      for (const proxy of affected) proxy.cut()
      return restoreLimit
    }
    case 'clock set':
      system.clocks.get(fault.target)?.set(fault.hours)
      return () => undefined
  }
}

/** Milliseconds a responder may take to leave: its longest handlers, and a fault of another process meanwhile. */
const leaveTimeout = 40_000

async function restartResponders({ peers }: TestSystem): Promise<void> {
  for (const name of responderNames) {
    if (!(await peers[name].finish(leaveTimeout)))
      throw new Error(`${name} did not leave within ${leaveTimeout} ms`)
    await peers[name].start()
  }
}

function stopProcess(pid: number | undefined): RevertFault {
  if (pid === undefined) return () => undefined
  process.kill(pid, 'SIGSTOP')
  return () => void process.kill(pid, 'SIGCONT')
}

function blockConnections({ proxies }: TestSystem, peer: PeerName): RevertFault {
  proxies[peer].refuse(true)
  proxies[peer].cut()
  return () => proxies[peer].refuse(false)
}

function ruleBothDirections(
  { proxies }: TestSystem,
  peer: PeerName,
  rule: { readonly delay: number } | { readonly bytesPerSecond: number },
): RevertFault {
  const proxy = proxies[peer]
  for (const direction of ['outbound', 'inbound'] as const) proxy.rule(direction, rule)
  return () => {
    for (const direction of ['outbound', 'inbound'] as const) proxy.rule(direction, freeFlow)
  }
}

/** One in this many chunks is damaged. */
const chunksPerFlaw = 20

/** First bytes of CONNECT and CONNACK. Damaged, these read as a refusal that no client may try to get around. */
const sparedTypes: readonly (number | undefined)[] = [0x10, 0x20]

function withFlaw(bytes: Buffer, random: Random): Buffer {
  if (sparedTypes.includes(bytes[0]) || between(random, 1, chunksPerFlaw) > 1) return bytes
  const flawed = Buffer.from(bytes)
  const at = between(random, 0, bytes.length - 1)
  flawed[at] = (flawed[at] ?? 0) ^ between(random, 1, 255)
  return flawed
}
