import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'

/** A wall clock of one process, which can be set while it runs. */
export interface Clock {
  /** What the process is started with. */
  readonly env: NodeJS.ProcessEnv
  /** Sets it so many hours off the machine's; it shows within a second or two. */
  readonly set: (hours: number) => void
}

const places = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`,
)

/** The library that stands between a process and the clock, as Debian's package `faketime` brings it. */
export const clockLibrary: string | undefined = places.find((place) => existsSync(place))

/** A clock that is right until it is set. The monotonic clock, which timers run by, stays what it is. */
export function makeClock(file: string): Clock {
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

const memory = '/dev/shm'

/** Removes the shared memory that clocks of processes which were killed have left behind. */
export function tidyClocks(): void {
  if (!existsSync(memory)) return
  for (const name of readdirSync(memory)) {
    const pid = /^(?:sem\.)?faketime_(?:shm|sem)_(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(`${memory}/${name}`, { force: true })
  }
}
