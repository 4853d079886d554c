import { ClassicLevel } from 'classic-level'
import { openFault } from './storage/open-fault.js'
import type { Storage } from './storage/storage.js'

/** Options of {@link durableStorage}. */
export interface DurableStorageOptions {
  /**
   * Waits for the disk at every commit, so that acknowledged messages survive a power cut. With `false`, a commit
   * waits for the operating system only: acknowledged messages survive the death of the process. @defaultValue true
   */
  readonly sync?: boolean
}

/**
 * Returns a storage in a directory, on LevelDB. Only one broker at a time may use the directory. Needs the package
 * `classic-level`. If it cannot be opened, the error says whether it is locked, corrupt or not permitted.
 */
export function durableStorage(directory: string, options: DurableStorageOptions = {}): Storage {
  const { sync = true } = options
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' })
  let hasWriteFailed = false
  let isClosed = false
  return {
    load: async function* () {
      try {
        await database.open()
        yield* database.iterator()
      } catch (error) {
        throw openFault(directory, error)
      }
    },
    commit: async (changes) => {
      const batch = changes.map(({ key, value }) =>
        value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
      )
      // A write that failed half-way corrupts LevelDB's log: a restart would lose all later writes, acknowledged or
      // not. Reopening recovers the earlier writes and starts a new log.
      if (hasWriteFailed && !isClosed) {
        await database.close()
        await database.open()
        hasWriteFailed = false
      }
      try {
        await database.batch(batch, { sync })
      } catch (error) {
        hasWriteFailed = true
        throw error
      }
    },
    close: () => {
      isClosed = true
      return database.close()
    },
  }
}
