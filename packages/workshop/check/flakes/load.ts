import { Worker } from 'node:worker_threads'

/** Keeps this many cores busy, in threads that end with the process; returns a function that ends them. */
export function startLoad(cores: number): () => Promise<void> {
  const workers = Array.from({ length: cores }, () => new Worker('for (;;);', { eval: true }))
  for (const worker of workers) worker.unref()
  return async () => void (await Promise.all(workers.map((worker) => worker.terminate())))
}
