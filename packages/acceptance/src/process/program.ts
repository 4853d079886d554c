import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'

/** How a process of ours is started. */
export interface ProgramParts {
  readonly name: string
  /** The bundled file. */
  readonly file: string
  /** Its role, passed as one JSON argument, in its n-th life, counted from 0. */
  readonly role: (life: number) => unknown
  readonly env?: NodeJS.ProcessEnv
  /** Options of Node. */
  readonly execArgv?: readonly string[]
  /** A file that gets what it prints. */
  readonly log: string
  /** Called when it ends though nobody wanted it to. */
  readonly died: (how: string) => void
}

/** Milliseconds: where much else runs, a process may well take a while to start. */
const patience = 60_000

/** A process of ours that may have several lives. */
export class Program {
  readonly #parts: ProgramParts
  #child: ChildProcess | undefined
  #lives = 0
  #isWanted = false

  constructor(parts: ProgramParts) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  /** How many lives it has begun. */
  get lives(): number {
    return this.#lives
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Begins a life; resolves when it says that it is ready. */
  async start(): Promise<void> {
    const { name, file, role, env, execArgv = [], log, died } = this.#parts
    const output = createWriteStream(log, { flags: 'a' })
    const child = fork(file, [JSON.stringify(role(this.#lives))], {
      env: { ...process.env, ...env },
      execArgv: [...execArgv],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#lives += 1
    this.#child = child
    this.#isWanted = true
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => {
        said = (said + bytes.toString()).slice(-2_000)
        output.write(bytes)
      })
    child.once('exit', (code, signal) => {
      output.end()
      if (this.#isWanted && this.#child === child)
        died(`${name} ended by itself (${signal ?? code}): ${said}`)
    })
    if ((await this.#word('ready')) !== 'ready') throw new Error(`${name} did not start: ${said}`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  tell(word: string): void {
    if (this.#child?.connected === true) this.#child.send(word)
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#isWanted = false
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  /** Lets it finish what it does, and ends it; `false` when it did not finish in time. */
  async finish(within: number = patience): Promise<boolean> {
    const word = this.#word('finished', within)
    this.tell('finish')
    const isDone = (await word) === 'finished'
    await this.kill()
    return isDone
  }

  /** Resolves with the word when it comes, and with nothing when it cannot come any more. */
  #word(wanted: string, within = patience): Promise<string | undefined> {
    const child = this.#child
    if (child === undefined) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const settle = (word?: string): void => {
        clearTimeout(timer)
        child.off('message', hear).off('exit', gone)
        resolve(word)
      }
      const hear = (word: unknown): void => {
        if (word === wanted) settle(wanted)
      }
      const gone = (): void => settle()
      const timer = setTimeout(settle, within)
      child.on('message', hear).once('exit', gone)
    })
  }
}
