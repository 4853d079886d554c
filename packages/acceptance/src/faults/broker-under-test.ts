import { freePort, startMosquitto } from '@antiphon/workshop'
import { bundled } from '../process/bundle.js'
import type { BrokerKind } from './plan.js'
import { Program } from '../process/program.js'

/** A broker in a process of its own, whose state is in a folder. */
export interface BrokerUnderTest {
  readonly port: number
  readonly pid: () => number | undefined
  /** SIGKILL. */
  readonly kill: () => Promise<void>
  /** Brings it back on the same port and folder. */
  readonly restart: () => Promise<void>
  /** Ends it for good. */
  readonly stop: () => Promise<void>
}

/** What a broker is started with. */
export interface BrokerParts {
  /** Where its state lies. */
  readonly data: string
  readonly env: NodeJS.ProcessEnv
  readonly log: string
  readonly died: (how: string) => void
}

/** Starts a broker of either kind. */
export function startBroker(kind: BrokerKind, parts: BrokerParts): Promise<BrokerUnderTest> {
  return kind === 'embedded' ? embedded(parts) : mosquitto(parts)
}

async function embedded({ data, env, log, died }: BrokerParts): Promise<BrokerUnderTest> {
  const port = await freePort()
  const program = new Program({
    name: 'broker',
    file: bundled('faults', 'broker'),
    role: () => ({ port, data }),
    env,
    log,
    died,
  })
  await program.start()
  return {
    port,
    pid: () => program.pid,
    kill: () => program.kill(),
    restart: () => program.start(),
    stop: () => program.kill(),
  }
}

async function mosquitto({ data, env }: BrokerParts): Promise<BrokerUnderTest> {
  const broker = await startMosquitto({
    persistence: data,
    env,
    config: [
      // Every second, beside which nothing is on the disk: that it acknowledges before is known of it.
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
