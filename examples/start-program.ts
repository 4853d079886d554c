import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts a program of a story as a process of its own. Ctrl-C is for it to answer: it may have something to finish. */
export function startProgram(file: URL, env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(file)], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  // A terminal gives Ctrl-C to everything in it by itself.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  return child
}
