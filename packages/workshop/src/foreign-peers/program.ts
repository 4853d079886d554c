import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { foreignCommand } from '../foreign.js'

/** A running foreign program. */
export interface Program {
  /** Resolves with the printed lines once there are `count`; rejects if the program exits earlier. */
  readonly until: (count: number) => Promise<readonly string[]>
  /** Resolves once it has printed this line; rejects if the program exits earlier. */
  readonly untilLine: (line: string) => Promise<void>
  /** Resolves with all printed lines when the program has exited; rejects if it failed. */
  readonly ended: () => Promise<readonly string[]>
  readonly isRunning: () => boolean
  readonly stop: () => Promise<void>
}

/** Runs a Python program of this folder. */
export function python(name: string, ...args: readonly (string | number)[]): Program {
  const script = fileURLToPath(new URL(name, import.meta.url))
  return program(foreignCommand('python3-paho-mqtt') ?? 'python3', [script, ...args])
}

/** Runs a command of Mosquitto's clients. */
export function mosquittoClient(name: string, ...args: readonly (string | number)[]): Program {
  return program(join(dirname(foreignCommand('mosquitto-clients') ?? ''), name), args)
}

function program(command: string, args: readonly (string | number)[]): Program {
  const child: ChildProcess = spawn(command, args.map(String), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONUTF8: '1' },
  })
  const lines: string[] = []
  const errorOutput: string[] = []
  const changed = new EventTarget()
  const notify = (): boolean => changed.dispatchEvent(new Event('change'))
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      notify()
    })
  child.stderr?.on('data', (chunk: Buffer) => errorOutput.push(chunk.toString()))
  const closed = once(child, 'close').finally(notify)
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  const untilPrinted = (hasAll: () => boolean): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (hasAll()) resolve([...lines])
        else if (isRunning()) changed.addEventListener('change', check, { once: true })
        else reject(new Error(`${command} exited after ${lines.join(', ')}:\n${errorOutput.join('')}`))
      }
      check()
    })
  return {
    until: (count) => untilPrinted(() => lines.length >= count),
    untilLine: async (line) => void (await untilPrinted(() => lines.includes(line))),
    ended: async () => {
      await closed
      if (child.exitCode !== 0)
        throw new Error(`${command} exited with ${child.exitCode}:\n${errorOutput.join('')}`)
      return lines
    },
    isRunning,
    stop: async () => {
      if (isRunning()) child.kill('SIGKILL')
      await closed
    },
  }
}
