import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { DurabilityRole } from './contract.js'

/** How a process is started. */
export interface KilledProcessOptions {
  /** The bundled file. */
  readonly file: string
  readonly role: Omit<DurabilityRole, 'starts'>
  /** The file that receives the output. */
  readonly log: string
}

/** Milliseconds in which a process must make progress, on a busy machine. */
const maxWait = 60_000

/** A process that is killed again and again while it works. */
export class KilledProcess {
  readonly #options: KilledProcessOptions
  #child: ChildProcess | undefined
  #starts = 0

  constructor(options: KilledProcessOptions) {
    this.#options = options
  }

  /** Starts the process; resolves when it is ready. */
  async start(): Promise<void> {
    const { file, role, log } = this.#options
    const child = fork(file, [JSON.stringify({ ...role, starts: this.#starts } satisfies DurabilityRole)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    for (const stream of [child.stdout, child.stderr]) stream?.pipe(createWriteStream(log, { flags: 'a' }))
    this.#child = child
    this.#starts += 1
    await this.received('ready')
  }

  /** Resolves when the process has sent a message so many times; rejects if it exits or is silent. */
  received(message: string, times = 1): Promise<void> {
    const child = this.#child
    if (child === undefined) return Promise.reject(new Error('the process has not been started'))
    return new Promise((resolve, reject) => {
      let left = times
      const settle = (): void => {
        clearTimeout(timer)
        child.off('message', onMessage).off('exit', onExit)
      }
      const onMessage = (received: unknown): void => {
        if (received !== message || --left > 0) return
        settle()
        resolve()
      }
      const fail = (reason: string): void => {
        settle()
        reject(new Error(`${this.#options.file} ${reason} before "${message}"; see ${this.#options.log}`))
      }
      const onExit = (): void => fail('exited')
      const timer = setTimeout(() => fail(`was silent for ${maxWait} ms`), maxWait)
      child.on('message', onMessage).once('exit', onExit)
    })
  }

  /** Sends a message to the process. */
  send(message: string): void {
    this.#child?.send(message)
  }

  /** Sends SIGKILL; resolves when the process has exited. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }
}
