import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What ends a process: the number of lines after which it is killed, or `exit` if it ends by itself. */
export type EndOfProcess = number | 'exit'

/**
 * Runs a program, and kills it by SIGKILL when it has written so many lines. Returns the lines, those after the signal included;
 * its standard error is that of the test.
 */
export async function runKilled(
  file: string,
  args: readonly string[],
  end: EndOfProcess,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    if (lines.length === end) child.kill('SIGKILL')
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (end === 'exit' ? code !== 0 : signal !== 'SIGKILL')
    throw new Error(`${file} ended with code ${code} and signal ${signal} after ${lines.length} lines`)
  return lines
}
