import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** Runs the garbage collector. */
export const collectGarbage = runInNewContext('gc') as () => void

/** Returns the bytes in use after a garbage collection. */
export function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
