import { appendFileSync, readFileSync } from 'node:fs'

/** The memory, resources and counters of a process at one moment. */
export interface Sample {
  /** Milliseconds on the clock of {@link sampleTime}, which all processes share. */
  readonly at: number
  /** Bytes on the heap after a garbage collection. */
  readonly heap: number
  readonly resident: number
  /** The number of active resources by Node's names, such as sockets and timers. */
  readonly resources: Readonly<Record<string, number>>
  /** Numbers that the process itself counts. */
  readonly counters: Readonly<Record<string, number>>
}

/** Returns the time of a sample in milliseconds. */
export function sampleTime(): number {
  return performance.timeOrigin + performance.now()
}

/** Samples this process, which must have been started with `--expose-gc`, and appends the sample to a file. */
export function takeSample(file: string, counters: Readonly<Record<string, number>>): void {
  globalThis.gc?.()
  const { heapUsed: heap, rss: resident } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  const sample: Sample = { at: sampleTime(), heap, resident, resources, counters }
  appendFileSync(file, `${JSON.stringify(sample)}\n`)
}

/** Reads all samples in a file. */
export function readSamples(file: string): readonly Sample[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Sample)
}
