import { spawn } from 'node:child_process'
import { createConnection } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort, startMosquitto } from '@antiphon/workshop'
import { endWithUs } from './children.js'
import { natsServer } from './install.js'
import { startPeer } from './peer.js'
import { peerFile } from './bundle.js'

/** What requests and answers go through; each pair has one of its own, so that nobody pays for another's subscriptions. */
export interface Broker {
  readonly port: number
  readonly stop: () => Promise<void>
}

/** Which one, and how it is set up. */
export type BrokerKind = 'mosquitto' | 'mosquitto as it comes' | 'embedded' | 'nats'

/** Starts a broker on a free port. */
export async function startBroker(kind: BrokerKind): Promise<Broker> {
  switch (kind) {
    case 'mosquitto':
      // Nothing that one contestant could run into before another does.
      return mosquitto(['set_tcp_nodelay true', 'max_inflight_messages 0', 'max_queued_messages 0'])
    case 'mosquitto as it comes':
      return mosquitto(['set_tcp_nodelay true'])
    case 'embedded':
      return embedded()
    case 'nats':
      return nats()
  }
}

async function mosquitto(config: readonly string[]): Promise<Broker> {
  const { port, stop } = await startMosquitto({ config: [...config, 'log_type error'] })
  return { port, stop }
}

async function embedded(): Promise<Broker> {
  const role = { contestant: 'broker', part: 'responder', port: 0, qos: 0 } as const
  const peer = await startPeer(peerFile('embedded-broker'), role)
  const port = await peer.call<number>('port')
  return { port, stop: () => peer.stop() }
}

async function nats(): Promise<Broker> {
  const port = await freePort()
  const child = spawn(natsServer(), ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const killNow = (): void => void child.kill('SIGKILL')
  const letGo = endWithUs(killNow)
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  while (!(await accepts(port))) {
    if (isGone()) throw new Error('nats-server ended')
    await wait(20)
  }
  return {
    port,
    stop: async () => {
      letGo()
      killNow()
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
