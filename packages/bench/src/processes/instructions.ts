import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { killOnExit } from './children.js'

/** A running count of an event of processes. */
export interface EventCount {
  /** Stops counting and returns the count; `undefined` if the system did not count. */
  readonly stop: () => Promise<number | undefined>
}

const instructions = 'instructions:u'
let isCounted: boolean | undefined

/** Whether this machine counts instructions: `perf` is installed, and the processor's counters are accessible. */
export function countsInstructions(): boolean {
  isCounted ??=
    countIn(spawnSync('perf', arguments_(instructions, ['true']), { encoding: 'utf8' }).stderr) !== undefined
  return isCounted
}

/** Starts counting an event of processes with `perf stat`; resolves when it counts. */
export async function startCount(pids: readonly number[], event: string = instructions): Promise<EventCount> {
  const child = spawn(
    'perf',
    arguments_(event, ['--delay', '-1', '--control', 'fd:3,4', '-p', pids.join(',')]),
    {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    },
  )
  const removeExitHook = killOnExit(() => void child.kill('SIGKILL'))
  const [, , output, control, acknowledgements] = child.stdio as [null, null, Readable, Writable, Readable]
  let text = ''
  output.setEncoding('utf8').on('data', (part: string) => (text += part))
  const closed = once(child, 'close')
  const tell = async (command: string): Promise<void> => {
    control.write(`${command}\n`)
    await Promise.race([once(acknowledgements, 'data'), closed])
  }
  await tell('enable')
  return {
    stop: async () => {
      await tell('disable')
      child.kill('SIGINT')
      await closed
      removeExitHook()
      return countIn(text)
    },
  }
}

function arguments_(event: string, rest: readonly string[]): string[] {
  return ['stat', '-x,', '-e', event, ...rest]
}

/** Returns the sum of the counts in the output of `perf stat -x,`; `undefined` if an event was not counted. */
export function countIn(output: string | null): number | undefined {
  const counts = (output ?? '')
    .split('\n')
    .filter((line) => line.split(',').length > 4)
    .map((line) => Number(line.split(',')[0]))
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.length === 0 || Number.isNaN(sum) ? undefined : sum
}
