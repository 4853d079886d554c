import { spawn } from 'node:child_process'
import { killOnExit } from './children.js'

/** Runs a command without a terminal; resolves with its output, or rejects if it fails. */
export function runCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const removeExitHook = killOnExit(() => void child.kill('SIGTERM'))
    let output = ''
    let errorOutput = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text))
    child.once('error', reject)
    child.once('close', (code) => {
      removeExitHook()
      if (code === 0) resolve(output)
      else reject(new Error(errorOutput.trim().split('\n').at(-1) ?? `${command} exited with ${code}`))
    })
  })
}
