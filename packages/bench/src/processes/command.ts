import { spawn } from 'node:child_process'
import { endWithUs } from './children.js'

/** Runs a command without a terminal and resolves with what it printed; rejects where it fails. */
export function runCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const letGo = endWithUs(() => void child.kill('SIGTERM'))
    let output = ''
    let complaints = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
    child.once('error', reject)
    child.once('close', (code) => {
      letGo()
      if (code === 0) resolve(output)
      else reject(new Error(complaints.trim().split('\n').at(-1) ?? `${command} ended with ${code}`))
    })
  })
}
