import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startMosquitto as startBroker } from '@antiphon/workshop/mosquitto'

/** A broker in its own process. */
export interface MeasuredBroker {
  readonly name: string
  readonly port: number
  /** Returns the CPU time used so far, in microseconds. */
  readonly cpu: () => number
  /** Resolves with the resident memory in bytes, after a garbage collection if the broker runs on Node. */
  readonly memory: () => Promise<number>
  readonly stop: () => void | Promise<void>
}

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Starts the embedded broker, aedes and Mosquitto, in this order. */
export async function startBrokers(nodeOptions: readonly string[]): Promise<MeasuredBroker[]> {
  return [
    await startNode('antiphon', fromHere('./broker-server.mjs'), nodeOptions),
    await startNode('aedes', installAedes(), []),
    await startMosquitto(),
  ]
}

async function startNode(name: string, file: string, options: readonly string[]): Promise<MeasuredBroker> {
  const child = fork(file, { execArgv: ['--expose-gc', ...options] })
  const [port] = (await once(child, 'message')) as [number]
  process.once('exit', () => child.kill())
  return measuredBroker({
    name,
    port,
    pid: child.pid ?? 0,
    settle: async () => {
      child.send('collect')
      await once(child, 'message')
    },
    stop: () => void child.kill('SIGTERM'),
  })
}

/** Installs aedes at its pinned version into the cache on first use; returns the path of its program. */
function installAedes(): string {
  const source = fromHere('../aedes')
  const folder = fromHere('../../../.cache/aedes')
  if (!existsSync(join(folder, 'node_modules'))) {
    mkdirSync(folder, { recursive: true })
    cpSync(source, folder, { recursive: true })
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  }
  cpSync(join(source, 'server.mjs'), join(folder, 'server.mjs'))
  return join(folder, 'server.mjs')
}

/** Starts Mosquitto without limits on queues. */
export async function startMosquitto(): Promise<MeasuredBroker> {
  const { port, pid, stop } = await startBroker({
    config: ['set_tcp_nodelay true', 'max_inflight_messages 0', 'max_queued_messages 0', 'log_type error'],
  })
  return measuredBroker({ name: 'mosquitto', port, pid: pid() ?? 0, stop, settle: () => wait(100) })
}

/** A broker's process, and what is done before its memory is read. */
interface BrokerProcess extends Pick<MeasuredBroker, 'name' | 'port' | 'stop'> {
  readonly pid: number
  readonly settle: () => Promise<unknown>
}

function measuredBroker({ name, port, pid, settle, stop }: BrokerProcess): MeasuredBroker {
  return {
    name,
    port,
    cpu: () => {
      const threads = readdirSync(`/proc/${pid}/task`)
      const nanoseconds = threads.map((thread) => readCpu(`/proc/${pid}/task/${thread}/schedstat`))
      return nanoseconds.reduce((sum, time) => sum + time, 0) / 1_000
    },
    memory: async () => {
      await settle()
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024
    },
    stop,
  }
}

/** Returns the CPU time of a thread in nanoseconds; `/proc/<pid>/stat` counts hundredths of a second. */
function readCpu(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, 'utf8').split(' ')[0])
  } catch {
    // The thread has ended since it was listed.
    return 0
  }
}
