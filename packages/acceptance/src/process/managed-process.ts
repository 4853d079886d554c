import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** Options of a managed process. */
export interface ManagedProcessOptions {
  readonly name: string
  /** The bundled file. */
  readonly file: string
  /** Returns the role that the process gets as one JSON argument, after this many earlier starts. */
  readonly role: (starts: number) => unknown
  readonly env?: NodeJS.ProcessEnv
  /** Command line options of Node. */
  readonly execArgv?: readonly string[]
  /** The file that receives the output. */
  readonly log: string
  /** Called if the process exits although it was not killed. */
  readonly onUnexpectedExit: (description: string) => void
}

/** Milliseconds until a process must be ready or finished; a process can start slowly on a busy machine. */
const usualTimeout = 60_000

/** A child process that can be killed and started again. */
export class ManagedProcess {
  readonly #parts: ManagedProcessOptions
  #child: ChildProcess | undefined
  #starts = 0
  #shouldRun = false

  constructor(parts: ManagedProcessOptions) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  /** How often the process was started. */
  get starts(): number {
    return this.#starts
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the process; resolves when it reports that it is ready. */
  async start(): Promise<void> {
    const { name, file, role, env, execArgv = [], log, onUnexpectedExit } = this.#parts
    const logFile = createWriteStream(log, { flags: 'a' })
    const child = fork(file, [JSON.stringify(role(this.#starts))], {
      env: { ...process.env, ...env },
      execArgv: [...execArgv],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#starts += 1
    this.#child = child
    this.#shouldRun = true
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => {
        output = (output + bytes.toString()).slice(-2_000)
        logFile.write(bytes)
      })
    child.once('exit', (code, signal) => {
      logFile.end()
      if (this.#shouldRun && this.#child === child)
        onUnexpectedExit(`${name} exited unexpectedly (${signal ?? code}): ${output}`)
    })
    if ((await this.#receive('ready')) !== 'ready') throw new Error(`cannot start ${name}: ${output}`)
  }

  /** Sends a signal to the process. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  /** Sends a message to the process. */
  send(message: string): void {
    if (this.#child?.connected === true) this.#child.send(message)
  }

  /** Sends SIGKILL; resolves when the process has exited. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#shouldRun = false
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  /** Lets the process finish its work, then kills it; resolves with `false` if it did not finish in time. */
  async finish(timeout: number = usualTimeout): Promise<boolean> {
    const finished = this.#receive('finished', timeout)
    this.send('finish')
    const isDone = (await finished) === 'finished'
    await this.kill()
    return isDone
  }

  /** Resolves with the message once it arrives, or with `undefined` after the timeout or the exit of the process. */
  #receive(expected: string, timeout = usualTimeout): Promise<string | undefined> {
    const child = this.#child
    if (child === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const settle = (message?: string): void => {
        clearTimeout(timer)
        child.off('message', onMessage).off('exit', onExit)
        resolve(message)
      }
      const onMessage = (message: unknown): void => {
        if (message === expected) settle(expected)
      }
      const onExit = (): void => settle()
      const timer = setTimeout(settle, timeout)
      child.on('message', onMessage).once('exit', onExit)
    })
  }
}
