import { ClassicLevel } from 'classic-level'
import type { Storage } from './storage/storage.js'

/** How the durable storage writes. */
export interface DurableStorageOptions {
  /**
   * Wait for the disk at every commit, so that a power cut loses nothing that was acknowledged; `false` waits for the
   * operating system only, which survives the death of the process. @defaultValue true
   */
  readonly sync?: boolean
}

/**
 * A storage in a directory, on LevelDB: what the broker acknowledged survives its death. One broker at a time may have
 * it. Needs the package `classic-level`.
 */
export function durableStorage(directory: string, options: DurableStorageOptions = {}): Storage {
  const { sync = true } = options
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' })
  let isTorn = false
  let isClosed = false
  return {
    load: async function* () {
      await database.open()
      yield* database.iterator()
    },
    commit: async (changes) => {
      const batch = changes.map(({ key, value }) =>
        value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
      )
      // A write that fails half done ends LevelDB's log for whoever reads it, and what follows it there is lost to a
      // restart, acknowledged or not. Opened again it keeps what came before, and begins another log.
      if (isTorn && !isClosed) {
        await database.close()
        await database.open()
        isTorn = false
      }
      try {
        await database.batch(batch, { sync })
      } catch (error) {
        isTorn = true
        throw error
      }
    },
    close: () => {
      isClosed = true
      return database.close()
    },
  }
}
