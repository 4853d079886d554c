import { foreignCommand } from '@antiphon/workshop'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A command in a pseudo-terminal. */
export interface TerminalSession {
  /** Resolves when the terminal has shown the text. */
  readonly shows: (text: string) => Promise<void>
  /** Presses keys; `\u0003` is Ctrl-C. */
  readonly press: (keys: string) => void
  /** Resolves with all output, as the terminal received it, and the exit code. */
  readonly ended: Promise<{ readonly output: string; readonly code: number | null }>
}

/** Runs a command in a pseudo-terminal of some columns. */
export function startTerminal(
  command: readonly string[],
  {
    columns = 80,
    env = {},
  }: { readonly columns?: number; readonly env?: Readonly<Record<string, string>> } = {},
): TerminalSession {
  const script = fileURLToPath(new URL('terminal.py', import.meta.url))
  const python = foreignCommand('python3-paho-mqtt') ?? 'python3'
  const child = spawn(python, [script, String(columns), ...command], {
    env: { ...withoutNoColor(), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let output = ''
  const changed = new EventTarget()
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    changed.dispatchEvent(new Event('change'))
  })
  const ended = once(child, 'close').then(([code]) => ({ output, code: code as number | null }))
  return {
    shows: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (output.includes(text)) resolve()
        }
        changed.addEventListener('change', check)
        void ended.then(() => reject(new Error(`the terminal has not shown "${text}": ${output}`)))
        check()
      }),
    press: (keys) => void child.stdin.write(keys),
    ended,
  }
}

function withoutNoColor(): NodeJS.ProcessEnv {
  const { NO_COLOR: _, ...others } = process.env
  return others
}
