import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Starts a program of an example in a child process. Ctrl-C is passed to the program, which may have requests to finish. */
export function startProgram(file: URL, env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(file)], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  // A terminal sends Ctrl-C to all its processes; without one, pass it on.
  process.on('SIGINT', () => void (process.stdin.isTTY || child.kill('SIGINT')))
  return child
}
