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
  return {
    load: async function* () {
      await database.open()
      yield* database.iterator()
    },
    commit: (changes) =>
      database.batch(
        changes.map(({ key, value }) =>
          value === undefined ? { type: 'del', key } : { type: 'put', key, value },
        ),
        { sync },
      ),
    close: () => database.close(),
  }
}
