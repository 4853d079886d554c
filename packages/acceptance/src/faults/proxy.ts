import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { Flow, freeFlow, type FlowRule } from './flow.js'
import type { Direction } from './run/plan.js'

/** A TCP proxy between one peer and the broker that can disturb their connection. */
export interface Proxy {
  readonly port: number
  /** Sets the rule for one direction, for existing and new connections. */
  readonly rule: (direction: Direction, rule: Partial<FlowRule>) => void
  /** Sets whether new connections are rejected. */
  readonly refuse: (isRefusing: boolean) => void
  /** Resets every connection on both sides. */
  readonly cut: () => void
  /** Resets one side's connections; the other side's stay open and silent. */
  readonly cutSide: (side: 'peer' | 'broker') => void
  /** Closes one direction by FIN and keeps the other open. */
  readonly halfClose: (direction: Direction) => void
  readonly close: () => Promise<void>
}

/** The two connections that form one connection through the proxy. */
interface Pair {
  readonly peer: Socket
  readonly broker: Socket
  readonly flows: Readonly<Record<Direction, Flow>>
}

/** Starts a proxy to a port of the loopback interface. */
export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>()
  const rules: Record<Direction, FlowRule> = { outbound: freeFlow, inbound: freeFlow }
  let isRefusing = false

  const accept = (peer: Socket): void => {
    if (isRefusing) {
      peer.resetAndDestroy()
      return
    }
    const broker = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const flows = {
      outbound: new Flow(peer, broker, () => rules.outbound),
      inbound: new Flow(broker, peer, () => rules.inbound),
    }
    const pair = { peer, broker, flows }
    pairs.add(pair)
    const closeWith = (other: Socket) => (): void => {
      if (pairs.delete(pair)) other.destroy()
    }
    peer.on('error', ignore).on('close', closeWith(broker))
    broker.on('error', ignore).on('close', closeWith(peer))
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const oneSided = new Set<Socket>()
  const cut = (): void => {
    for (const { peer, broker } of pairs) {
      peer.resetAndDestroy()
      broker.resetAndDestroy()
    }
    for (const socket of oneSided) socket.resetAndDestroy()
    oneSided.clear()
    pairs.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    rule: (direction, rule) => {
      rules[direction] = { ...rules[direction], ...rule }
      for (const { flows } of pairs) flows[direction].flush()
    },
    refuse: (value) => {
      isRefusing = value
    },
    cut,
    cutSide: (side) => {
      for (const pair of [...pairs]) {
        // Removed from `pairs` so that the end of one side does not close the other.
        pairs.delete(pair)
        oneSided.add(side === 'peer' ? pair.broker : pair.peer)
        pair[side].resetAndDestroy()
      }
    },
    halfClose: (direction) => {
      for (const { flows } of pairs) flows[direction].close()
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
