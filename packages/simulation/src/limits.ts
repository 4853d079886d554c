/** What a simulation may cost. */
export interface Limits {
  /** MiB of memory at most, at any time. */
  readonly memory: number
  /** Seconds of CPU, which other load on the machine does not change much. */
  readonly cpu: number
}

/** Returns what this process has cost so far. */
export function costOfProcess(): Limits {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  return { memory: Math.round(maxRSS / 1_024), cpu: Math.round((userCPUTime + systemCPUTime) / 1_000_000) }
}

/** Returns which limits a cost exceeds, each as a sentence. */
export function exceeded(cost: Limits, limits: Limits): readonly string[] {
  return [
    ...(cost.memory > limits.memory
      ? [`the simulation took ${cost.memory} MiB: --max-memory is ${limits.memory}`]
      : []),
    ...(cost.cpu > limits.cpu
      ? [`the simulation took ${cost.cpu} s of CPU: --max-cpu is ${limits.cpu}`]
      : []),
  ]
}
