import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'

/** The wall clock of one process, which can be set while the process runs. */
export interface Clock {
  /** Environment variables to start the process with. */
  readonly env: NodeJS.ProcessEnv
  /** Sets the clock this many hours ahead of the machine's. The process sees the change within two seconds. */
  readonly set: (hours: number) => void
}

const libraryPaths = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
)

/** The path of libfaketime, from Debian's package `faketime`; `undefined` if it is not installed. */
export const clockLibrary: string | undefined = libraryPaths.find((path) => existsSync(path))

/** Creates a clock that agrees with the machine's until it is set. The monotonic clock, which timers use, never changes. */
export function createClock(file: string): Clock {
  const set = (hours: number): void => writeFileSync(file, `${hours < 0 ? '' : '+'}${hours * 3_600}\n`)
  set(0)
  return {
    env: {
      LD_PRELOAD: clockLibrary,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    set,
  }
}

const sharedMemory = '/dev/shm'

/** Removes the shared memory that libfaketime leaves behind for killed processes. */
export function removeStaleClocks(): void {
  if (!existsSync(sharedMemory)) return
  for (const name of readdirSync(sharedMemory)) {
    const pid = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`${sharedMemory}/${name}`, { force: true })
  }
}
