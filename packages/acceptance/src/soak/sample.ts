import { appendFileSync, readFileSync } from 'node:fs'

/** What a process holds at one moment. */
export interface Sample {
  /** Milliseconds of a clock that all processes share. */
  readonly at: number
  /** Bytes on the heap after a collection. */
  readonly heap: number
  readonly resident: number
  /** What keeps the process alive, by Node's names: sockets, timers and the like. */
  readonly resources: Readonly<Record<string, number>>
  /** Numbers of the process's own. */
  readonly own: Readonly<Record<string, number>>
}

/** Milliseconds of the clock that samples are timed by. */
export function sampleClock(): number {
  return performance.timeOrigin + performance.now()
}

/** Takes a sample of this process, which must have been started with `--expose-gc`, and appends it to a file. */
export function takeSample(file: string, own: Readonly<Record<string, number>>): void {
  globalThis.gc?.()
  const { heapUsed: heap, rss: resident } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  const sample: Sample = { at: sampleClock(), heap, resident, resources, own }
  appendFileSync(file, `${JSON.stringify(sample)}\n`)
}

/** All samples in a file. */
export function readSamples(file: string): readonly Sample[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Sample)
}
