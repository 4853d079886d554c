import { spawn } from 'node:child_process'

/** A command of the shell to run. */
export interface ShellCommand {
  readonly command: string
  readonly input: Uint8Array
  /** Environment variables besides those of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends the command and all that it has started. */
  readonly signal: AbortSignal
}

/** How a command ended. */
export interface CommandResult {
  readonly output: Uint8Array
  /** The last line on standard error. */
  readonly lastError: string
  /** `null` if a signal ended it. */
  readonly exitCode: number | null
}

/** The most bytes that a command may print. */
const maximumOutput = 16_777_216

/** The error of a command that prints too much. */
export class OutputTooLong extends Error {
  override readonly name = 'OutputTooLong'
}

/** Runs a command with an input. Rejects if it cannot start, prints too much, or the signal aborts; it is killed then. */
export async function runShellCommand({ command, input, env, signal }: ShellCommand): Promise<CommandResult> {
  signal.throwIfAborted()
  // In a process group of its own: a shell does not pass a signal on to the programs that it has started.
  const child = spawn(command, { shell: true, detached: true, env: { ...process.env, ...env } })
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended in the meantime.
    }
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let [length, errors] = [0, '']
    const fail = (error: Error): void => {
      kill()
      reject(error)
    }
    const abort = (): void => fail(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
    child.on('error', fail)
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > maximumOutput) fail(new OutputTooLong(`it printed more than ${maximumOutput} bytes`))
    })
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2_000)))
    child.on('close', (exitCode) => {
      signal.removeEventListener('abort', abort)
      const lastError = errors.trimEnd().split('\n').at(-1) ?? ''
      resolve({ output: new Uint8Array(Buffer.concat(chunks)), lastError, exitCode })
    })
    // A command that does not read its input closes the pipe.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
