import type { RunEnd, RunReport, RunRequest } from './run-report.js'

/** How long a worker may be silent, in milliseconds, before it is stopped as one that is stuck. */
const maxSilence = 5_000

/** What the page learns of a run. */
export interface RunObserver {
  readonly report: (report: Exclude<RunReport, { readonly kind: 'alive' | 'end' }>) => void
  /** Called once, unless the run is stopped. `stuck`: an endless loop. `failed`: the worker cannot be loaded. */
  readonly end: (end: RunEnd | 'stuck' | 'failed') => void
}

/** Runs a program in a new worker. Returns a function that stops it. */
export function startRun(request: RunRequest, observer: RunObserver): () => void {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  let silence: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(silence)
    worker.terminate()
  }
  const end = (reason: Parameters<RunObserver['end']>[0]): void => {
    stop()
    observer.end(reason)
  }
  worker.onmessage = ({ data }: MessageEvent<RunReport>) => {
    if (data.kind === 'end') end(data.end)
    else if (data.kind !== 'alive') observer.report(data)
    else {
      // Lines do not count: a loop that never ends may print some.
      clearTimeout(silence)
      silence = setTimeout(() => end('stuck'), maxSilence)
    }
  }
  worker.onerror = () => end('failed')
  worker.postMessage(request)
  return stop
}
