import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { root } from './workspace.js'

/** What to run, and how. */
export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** A file that gets everything it prints. */
  readonly log?: string
  /** Ends it after so many milliseconds. */
  readonly deadline?: number
  /** Sees each piece of output as it comes. */
  readonly onOutput?: (text: string) => void
  /** Sends SIGINT, once, when this says so of its standard output so far. */
  readonly interruptWhen?: (stdout: string) => boolean
}

/** How a command ended. */
export interface CommandResult {
  readonly code: number
  /** Standard output and standard error as they came. */
  readonly output: string
  readonly stdout: string
}

/** Runs a command without a terminal and resolves when it has ended, whatever its exit code. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd = root, env, log, deadline, onOutput, interruptWhen }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      // Two colour settings at once make Node print a warning.
      env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: deadline,
      killSignal: 'SIGKILL',
    })
    const file = log === undefined ? undefined : createWriteStream(log)
    let output = ''
    let stdout = ''
    let isInterrupted = false
    const take = (text: string): void => {
      output += text
      file?.write(text)
      onOutput?.(text)
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      take(text)
      if (isInterrupted || interruptWhen?.(stdout) !== true) return
      isInterrupted = child.kill('SIGINT')
    })
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('error', (error) => {
      take(`${error.message}\n`)
      resolve({ code: 1, output, stdout })
    })
    child.once('close', (code, signal) => {
      if (signal !== null)
        take(`ended by ${signal}${deadline === undefined ? '' : ` after ${deadline} ms`}\n`)
      file?.end()
      resolve({ code: code ?? 1, output, stdout })
    })
  })
}
