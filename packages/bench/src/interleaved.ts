/** One of those who are compared. */
export interface Contestant {
  /** Makes ready what a round works on, unmeasured, and returns the measured part. */
  readonly prepare: () => () => void
  /** How many operations one round does. */
  readonly operations: number
}

/**
 * The median CPU time of an operation in nanoseconds, for each contestant. They take turns (A B C A B C …), so that what
 * happens to the machine happens to all; and CPU time, unlike the clock's, is not lengthened by other processes.
 */
export function interleaved(rounds: number, contestants: readonly Contestant[]): number[] {
  const times = contestants.map((): number[] => [])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { prepare, operations }] of contestants.entries()) {
      const run = prepare()
      const before = process.cpuUsage()
      run()
      const { user, system } = process.cpuUsage(before)
      times[index]?.push(((user + system) * 1_000) / operations)
    }
  }
  // The first rounds run before the compiler is done.
  return times.map((all) => median(all.slice(Math.floor(rounds / 5))))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
