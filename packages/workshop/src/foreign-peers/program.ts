import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { foreignCommand } from '../foreign.js'

/** A running program that is not ours. */
export interface Program {
  /** Resolves with the lines it printed once there are so many; rejects when it ends short of that. */
  readonly until: (count: number) => Promise<readonly string[]>
  /** Resolves with all it printed when it has ended by itself; rejects when it failed. */
  readonly ended: () => Promise<readonly string[]>
  readonly isRunning: () => boolean
  readonly stop: () => Promise<void>
}

/** Runs one of the Python programs of this folder. */
export function python(name: string, ...args: readonly (string | number)[]): Program {
  const script = fileURLToPath(new URL(name, import.meta.url))
  return program(foreignCommand('python3-paho-mqtt') ?? 'python3', [script, ...args])
}

/** Runs one of Mosquitto’s clients. */
export function mosquittoClient(name: string, ...args: readonly (string | number)[]): Program {
  return program(join(dirname(foreignCommand('mosquitto-clients') ?? ''), name), args)
}

function program(command: string, args: readonly (string | number)[]): Program {
  const child: ChildProcess = spawn(command, args.map(String), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUTF8: '1' },
  })
  const lines: string[] = []
  const complaints: string[] = []
  const changed = new EventTarget()
  const tell = (): boolean => changed.dispatchEvent(new Event('change'))
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      tell()
    })
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()))
  const closed = once(child, 'close').finally(tell)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    until: (count) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines.length >= count) resolve([...lines])
          else if (isRunning()) changed.addEventListener('change', look, { once: true })
          else reject(new Error(`${command} ended after ${lines.join(', ')}:\n${complaints.join('')}`))
        }
        look()
      }),
    ended: async () => {
      await closed
      if (child.exitCode !== 0)
        throw new Error(`${command} ended with ${child.exitCode}:\n${complaints.join('')}`)
      return lines
    },
    isRunning,
    stop: async () => {
      if (isRunning()) child.kill('SIGKILL')
      await closed
    },
  }
}
