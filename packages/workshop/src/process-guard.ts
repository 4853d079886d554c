import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Ends the processes that a run leaves behind. */
export interface ProcessGuard {
  /** Gives the remaining processes `exitPeriod` to exit, kills them, and resolves with the command lines of those killed. */
  readonly stop: () => Promise<readonly string[]>
}

/** Options of a guard. */
export interface ProcessGuardOptions {
  /**
   * Milliseconds in which processes may exit by themselves after `stop`.
   *
   * @defaultValue 20 000: on a busy machine, an exit takes seconds
   */
  readonly exitPeriod?: number
}

const guardProgram = fileURLToPath(new URL('../bin/process-guard.mjs', import.meta.url))
const variable = 'ANTIPHON_RUN'

/**
 * Starts a guard for all processes that this process starts from now on, and those they start in turn.
 *
 * They inherit a mark in their environment. The guard is a separate process that holds a pipe to this one: if this
 * process ends in any way, even by SIGKILL, the guard kills what is left. It finds processes by their mark only on Linux.
 */
export function guardProcesses({ exitPeriod = 20_000 }: ProcessGuardOptions = {}): ProcessGuard {
  const mark = randomUUID()
  const { [variable]: outerMarks = '', ...env } = process.env
  // In its own session, so that Ctrl-C in a terminal does not end the guard first; without marks, to find only others.
  const guard = spawn(process.execPath, [guardProgram, mark, String(exitPeriod)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  // An outer run marks its processes too, so the marks are a list.
  process.env[variable] = `${outerMarks} ${mark}`.trim()
  // The pipes are sockets. They must not keep this process alive, except while it waits for the guard.
  const [input, output] = [guard.stdin as Socket, guard.stdout as Socket]
  for (const handle of [guard, input, output]) handle.unref()
  return {
    stop: async () => {
      process.env[variable] = outerMarks
      const line = once(createInterface({ input: output }), 'line')
      output.ref()
      input.write('stop\n')
      const [killed = '[]'] = (await line) as string[]
      return JSON.parse(killed) as string[]
    },
  }
}
