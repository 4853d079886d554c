import { readdirSync, readFileSync } from 'node:fs'

/**
 * Returns the CPU time of a process in microseconds, with all its threads; `undefined` where the system does not tell.
 *
 * Linux counts nanoseconds per thread. Threads that have ended are not included.
 */
export function cpuTimeOf(pid: number): number | undefined {
  try {
    const threads = `/proc/${pid}/task`
    const times = readdirSync(threads).map((thread) =>
      Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    )
    return times.reduce((sum, time) => sum + time, 0) / 1_000
  } catch {
    return undefined
  }
}
