import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { root } from './workspace.js'

/** Options of a command. */
export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** The file to which the output is written. */
  readonly log?: string
  /** Milliseconds after which the command is killed. */
  readonly timeout?: number
  /** Called with each piece of output. */
  readonly onOutput?: (text: string) => void
  /** Called with the standard output so far; if it returns `true`, SIGINT is sent once. */
  readonly interruptWhen?: (stdout: string) => boolean
}

/** The result of a command. */
export interface CommandResult {
  readonly code: number
  /** Standard output and standard error in the order of arrival. */
  readonly output: string
  readonly stdout: string
}

/** Runs a command without a terminal; resolves when it has exited, with any exit code. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd = root, env, log, timeout, onOutput, interruptWhen }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      // Node prints a warning if both colour settings are present.
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      killSignal: 'SIGKILL',
    })
    const file = log === undefined ? undefined : createWriteStream(log)
    let output = ''
    let stdout = ''
    let isInterrupted = false
    const append = (text: string): void => {
      output += text
      file?.write(text)
      onOutput?.(text)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      append(text)
      if (isInterrupted || interruptWhen?.(stdout) !== true) return
      isInterrupted = child.kill('SIGINT')
    })
    child.stderr.setEncoding('utf8').on('data', append)
    child.once('error', (error) => {
      append(`${error.message}\n`)
      resolve({ code: 1, output, stdout })
    })
    child.once('close', (code, signal) => {
      if (signal !== null)
        append(`killed by ${signal}${timeout === undefined ? '' : ` after ${timeout} ms`}\n`)
      file?.end()
      resolve({ code: code ?? 1, output, stdout })
    })
  })
}
