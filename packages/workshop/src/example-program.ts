import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url))

/** A running program of an example. */
export interface ExampleProgram {
  /** Resolves when the program has printed a line with the text; rejects with its output if it exits before. */
  readonly printed: (text: string) => Promise<void>
  /** Sends Ctrl-C. */
  readonly interrupt: () => void
  /** Resolves with all printed lines when the program has exited; rejects with its output if it failed. */
  readonly ended: () => Promise<readonly string[]>
  /** Kills the program if it still runs. */
  readonly kill: () => void
}

/** Starts a program of an example, such as `02-temperature/responder.ts`. */
export function startExampleProgram(file: string, env: Readonly<Record<string, string>>): ExampleProgram {
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: examples,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  const changed = new EventTarget()
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    changed.dispatchEvent(new Event('change'))
  })
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const closed = once(child, 'close').finally(() => changed.dispatchEvent(new Event('change')))
  const failure = (what: string): Error => new Error(`${file} ${what}:\n${output}${errors}`)
  return {
    printed: async (text) => {
      while (!output.includes(text)) {
        if (child.exitCode !== null) throw failure(`exited before it printed ${text}`)
        await once(changed, 'change')
      }
    },
    interrupt: () => child.kill('SIGINT'),
    kill: () => child.kill('SIGKILL'),
    ended: async () => {
      await closed
      if (child.exitCode !== 0) throw failure(`exited with ${child.exitCode}`)
      return output.replace(/\n$/, '').split('\n')
    },
  }
}
