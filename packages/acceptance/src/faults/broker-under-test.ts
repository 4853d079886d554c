import { reservePort, startMosquitto } from '@antiphon/workshop'
import { bundlePath } from '../process/bundle.js'
import type { BrokerKind } from './run/plan.js'
import { ManagedProcess } from '../process/managed-process.js'

/** A broker in its own process, with its state in a folder. */
export interface BrokerUnderTest {
  readonly port: number
  readonly pid: () => number | undefined
  /** Sends SIGKILL. */
  readonly kill: () => Promise<void>
  /** Starts the broker again on the same port and folder. */
  readonly restart: () => Promise<void>
  /** Stops the broker finally. */
  readonly stop: () => Promise<void>
}

/** The parameters of a broker's start. */
export interface BrokerParts {
  /** The folder of its state. */
  readonly data: string
  readonly env: NodeJS.ProcessEnv
  readonly log: string
  readonly onUnexpectedExit: (description: string) => void
}

/** Starts a broker of the given kind. */
export function startBroker(kind: BrokerKind, parts: BrokerParts): Promise<BrokerUnderTest> {
  return kind === 'embedded' ? embedded(parts) : mosquitto(parts)
}

async function embedded({ data, env, log, onUnexpectedExit }: BrokerParts): Promise<BrokerUnderTest> {
  // Clients reconnect to the same port after each restart.
  const { port, release } = await reservePort()
  const program = new ManagedProcess({
    name: 'broker',
    file: bundlePath('faults', 'broker'),
    role: () => ({ port, data }),
    env,
    log,
    onUnexpectedExit,
  })
  await program.start()
  return {
    port,
    pid: () => program.pid,
    kill: () => program.kill(),
    restart: () => program.start(),
    stop: async () => {
      await program.kill()
      release()
    },
  }
}

async function mosquitto({ data, env }: BrokerParts): Promise<BrokerUnderTest> {
  const broker = await startMosquitto({
    persistence: data,
    env,
    config: [
      // Mosquitto writes its store once a second and acknowledges before it writes; the rules allow for that loss.
      'autosave_on_changes false',
      'autosave_interval 1',
      'max_queued_messages 0',
      'max_inflight_messages 1000',
      'set_tcp_nodelay true',
    ],
  })
  return {
    port: broker.port,
    pid: broker.pid,
    kill: () => broker.kill('SIGKILL'),
    restart: () => broker.restart(),
    stop: async () => {
      await broker.kill('SIGKILL')
      await broker.stop()
    },
  }
}
