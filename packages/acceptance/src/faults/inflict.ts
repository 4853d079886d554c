import { exhaustDescriptors } from './ground/descriptors.js'
import { endSession } from './impostor.js'
import { freeFlow } from './flow.js'
import type { Harm, PeerName } from './plan.js'
import { between, type Random } from './random.js'
import type { World } from './world.js'

/** What makes good again what was done. */
export type Heal = () => Promise<void> | void

/** Does one harm to the world; resolves when it is done. */
export async function inflict(harm: Harm, world: World, random: Random): Promise<Heal> {
  const { broker, peers, proxies } = world
  switch (harm.kind) {
    case 'broker killed':
      await broker.kill()
      return () => broker.restart()
    case 'responder killed':
      await peers[harm.peer].kill()
      return () => peers[harm.peer].start()
    case 'broker stopped':
      return stopProcess(broker.pid())
    case 'responder stopped':
    case 'requester stopped':
      return stopProcess(peers[harm.peer].pid)
    case 'connection cut':
      return shutOut(world, harm.peer)
    case 'one side cut':
      proxies[harm.peer].cutSide(harm.side)
      return () => proxies[harm.peer].cut()
    case 'half closed':
      proxies[harm.peer].halfClose(harm.way)
      return () => proxies[harm.peer].cut()
    case 'stalled':
      proxies[harm.peer].rule(harm.way, { isStalled: true })
      return () => proxies[harm.peer].rule(harm.way, freeFlow)
    case 'delayed':
      return bothWays(world, harm.peer, { delay: harm.milliseconds })
    case 'throttled':
      return bothWays(world, harm.peer, { bytesPerSecond: harm.bytesPerSecond })
    case 'corrupted':
      proxies[harm.peer].rule(harm.way, { change: (bytes) => withFlaw(bytes, random) })
      return () => {
        proxies[harm.peer].rule(harm.way, freeFlow)
        // An acknowledgement that was damaged comes again with the next connection, and never on this one.
        proxies[harm.peer].cut()
      }
    case 'session dropped': {
      const letIn = shutOut(world, harm.peer)
      await endSession(broker.port, harm.peer)
      return letIn
    }
    case 'disk full':
      world.disk?.fill()
      return () => world.disk?.free()
    case 'files exhausted': {
      const { who } = harm
      const pid = who === 'broker' ? broker.pid() : peers[who].pid
      const lift = pid === undefined ? (): void => undefined : exhaustDescriptors(pid)
      const cutOff = who === 'broker' ? Object.values(proxies) : [proxies[who]]
      for (const proxy of cutOff) proxy.cut()
      return lift
    }
    case 'clock set':
      world.clocks.get(harm.who)?.set(harm.hours)
      return () => undefined
  }
}

function stopProcess(pid: number | undefined): Heal {
  if (pid === undefined) return () => undefined
  process.kill(pid, 'SIGSTOP')
  return () => void process.kill(pid, 'SIGCONT')
}

function shutOut({ proxies }: World, peer: PeerName): Heal {
  proxies[peer].refuse(true)
  proxies[peer].cut()
  return () => proxies[peer].refuse(false)
}

function bothWays(
  { proxies }: World,
  peer: PeerName,
  rule: { readonly delay: number } | { readonly bytesPerSecond: number },
): Heal {
  const proxy = proxies[peer]
  for (const way of ['up', 'down'] as const) proxy.rule(way, rule)
  return () => {
    for (const way of ['up', 'down'] as const) proxy.rule(way, freeFlow)
  }
}

/** One chunk in so many is damaged. */
const rarity = 20

/** First bytes of CONNECT and CONNACK: damaged, they would be a refusal that no client may try to get around. */
const introductions: readonly (number | undefined)[] = [0x10, 0x20]

function withFlaw(bytes: Buffer, random: Random): Buffer {
  if (introductions.includes(bytes[0]) || between(random, 1, rarity) > 1) return bytes
  const flawed = Buffer.from(bytes)
  const at = between(random, 0, bytes.length - 1)
  flawed[at] = (flawed[at] ?? 0) ^ between(random, 1, 255)
  return flawed
}
