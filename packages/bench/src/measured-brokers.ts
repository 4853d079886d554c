import { execFileSync, fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A broker in its own process. */
export interface MeasuredBroker {
  readonly name: string
  readonly port: number
  /** Returns the CPU time used so far, in microseconds. */
  readonly cpu: () => number
  /** Resolves with the resident memory in bytes, after a garbage collection if the broker runs on Node. */
  readonly memory: () => Promise<number>
  readonly stop: () => void
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
  return measuredBroker(name, child, port, async () => {
    child.send('collect')
    await once(child, 'message')
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

/** Starts Mosquitto on a free port. */
export async function startMosquitto(): Promise<MeasuredBroker> {
  const port = await freePort()
  const file = join(mkdtempSync(join(tmpdir(), 'antiphon-bench-')), 'mosquitto.conf')
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'set_tcp_nodelay true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'log_type none',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`
  const child = spawn('mosquitto', ['-c', file], { stdio: 'ignore', env: { ...process.env, PATH: path } })
  while (!(await accepts(port))) await wait(20)
  return measuredBroker('mosquitto', child, port, () => wait(100))
}

function measuredBroker(
  name: string,
  child: ChildProcess,
  port: number,
  settle: () => Promise<unknown>,
): MeasuredBroker {
  const { pid = 0 } = child
  process.once('exit', () => child.kill())
  return {
    name,
    port,
    cpu: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      // User and system time, in hundredths of a second.
      return (Number(fields[11]) + Number(fields[12])) * 10_000
    },
    memory: async () => {
      await settle()
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024
    },
    stop: () => void child.kill('SIGTERM'),
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
