import { spawn } from 'node:child_process'
import { createConnection } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { reservePort, startMosquitto } from '@antiphon/workshop'
import { killOnExit } from './children.js'
import { cpuTimeOf } from './cpu-time.js'
import { natsServer } from './install.js'
import { startPeer } from './peer.js'
import { peerFile } from './bundle.js'

/** The broker of one pair. Each pair has its own, so that the subscriptions of other pairs cost it nothing. */
export interface Broker {
  readonly port: number
  /** Returns its CPU time in microseconds; `undefined` if it is not known. */
  readonly cpu: () => number | undefined
  readonly stop: () => Promise<void>
}

/** The broker and its configuration; `none` only reserves a port for a responder that requesters connect to. */
export type BrokerKind = 'mosquitto' | 'mosquitto defaults' | 'embedded' | 'nats' | 'none'

/** Starts a broker on a free port. */
export async function startBroker(kind: BrokerKind): Promise<Broker> {
  switch (kind) {
    case 'mosquitto':
      // Removes limits that some contestants would reach before others.
      return mosquitto(['set_tcp_nodelay true', 'max_inflight_messages 0', 'max_queued_messages 0'])
    case 'mosquitto defaults':
      return mosquitto(['set_tcp_nodelay true'])
    case 'embedded':
      return embedded()
    case 'nats':
      return nats()
    case 'none':
      return none()
  }
}

async function mosquitto(config: readonly string[]): Promise<Broker> {
  const { port, pid, stop } = await startMosquitto({ config: [...config, 'log_type error'] })
  return { port, cpu: () => cpuTimeOf(pid() ?? 0), stop }
}

async function embedded(): Promise<Broker> {
  const role = { contestant: 'broker', part: 'responder', port: 0, qos: 0 } as const
  const peer = await startPeer(peerFile('embedded-broker'), role)
  const port = await peer.call<number>('port')
  return { port, cpu: () => cpuTimeOf(peer.pid), stop: () => peer.stop() }
}

async function nats(): Promise<Broker> {
  const { port, release } = await reservePort()
  const child = spawn(natsServer(), ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const killNow = (): void => void child.kill('SIGKILL')
  const removeExitHook = killOnExit(killNow)
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null
  while (!(await accepts(port))) {
    if (hasExited()) throw new Error('cannot start nats-server: it exited')
    await wait(20)
  }
  return {
    port,
    cpu: () => cpuTimeOf(child.pid ?? 0),
    stop: async () => {
      removeExitHook()
      killNow()
      release()
    },
  }
}

async function none(): Promise<Broker> {
  const { port, release } = await reservePort()
  return { port, cpu: () => 0, stop: async () => release() }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
