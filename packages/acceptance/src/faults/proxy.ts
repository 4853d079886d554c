import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Flow, freeFlow, type FlowRule } from './flow.js'
import type { Way } from './plan.js'

/** A TCP proxy between one peer and the broker that can be bad to both. */
export interface Proxy {
  readonly port: number
  /** What holds for the bytes of one way, of every connection present and to come. */
  readonly rule: (way: Way, rule: Partial<FlowRule>) => void
  /** Turns new connections away, or no longer. */
  readonly refuse: (isRefusing: boolean) => void
  /** Resets every connection on both sides. */
  readonly cut: () => void
  /** Ends one side's connections; the other side's stay open, and nobody answers there. */
  readonly cutSide: (side: 'peer' | 'broker') => void
  /** Says on one way that nothing more will come, and goes on with the other. */
  readonly halfClose: (way: Way) => void
  readonly close: () => Promise<void>
}

/** Both halves of a connection through the proxy. */
interface Pair {
  readonly peer: Socket
  readonly broker: Socket
  readonly flows: Readonly<Record<Way, Flow>>
}

/** Starts a proxy to a port of the loopback interface. */
export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>()
  const rules: Record<Way, FlowRule> = { up: freeFlow, down: freeFlow }
  let isRefusing = false

  const join = (peer: Socket): void => {
    if (isRefusing) {
      peer.resetAndDestroy()
      return
    }
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const flows = {
      up: new Flow(peer, broker, () => rules.up),
      down: new Flow(broker, peer, () => rules.down),
    }
    const pair = { peer, broker, flows }
    pairs.add(pair)
    const apart = (other: Socket) => (): void => {
      if (pairs.delete(pair)) other.destroy()
    }
    peer.on('error', ignore).on('close', apart(broker))
    broker.on('error', ignore).on('close', apart(peer))
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, join).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const widowed = new Set<Socket>()
  const cut = (): void => {
    for (const { peer, broker } of pairs) {
      peer.resetAndDestroy()
      broker.resetAndDestroy()
    }
    for (const socket of widowed) socket.resetAndDestroy()
    widowed.clear()
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    rule: (way, rule) => {
      rules[way] = { ...rules[way], ...rule }
      for (const { flows } of pairs) flows[way].goOn()
    },
    refuse: (value) => {
      isRefusing = value
    },
    cut,
    cutSide: (side) => {
      for (const pair of [...pairs]) {
        // No longer a pair: the end of one half is not the end of the other.
        pairs.delete(pair)
        widowed.add(side === 'peer' ? pair.broker : pair.peer)
        pair[side].resetAndDestroy()
      }
    },
    halfClose: (way) => {
      for (const { flows } of pairs) flows[way].close()
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      cut()
      await closed
    },
  }
}

const ignore = (): void => undefined
