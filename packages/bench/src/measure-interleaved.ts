/** A task whose CPU time is compared with others. */
export interface TimedTask {
  /** Prepares the input of a round, unmeasured, and returns the measured part. */
  readonly prepare: () => () => void
  /** The number of operations in one round. */
  readonly operations: number
}

/**
 * Returns the median CPU time per operation in nanoseconds, for each task.
 *
 * The tasks are interleaved (A B C A B C …), so that a change of the machine's load concerns all of them. CPU time, unlike
 * elapsed time, does not grow with the load of other processes.
 */
export function interleaved(rounds: number, tasks: readonly TimedTask[]): number[] {
  const times = tasks.map((): number[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { prepare, operations }] of tasks.entries()) {
      const run = prepare()
      const before = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(before)
      times[index]?.push(((user + system) * 1_000) / operations)
    }
  }
  // The first rounds are a warm-up of the JIT compiler and are not counted.
  return times.map((all) => median(all.slice(Math.floor(rounds / 5))))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
