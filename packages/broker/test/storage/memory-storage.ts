import type { Storage, StorageChange } from '../../src/storage/storage.js'

/** A storage in memory that outlives brokers; `isBroken` refuses every write, `commits` tells what was written. */
export interface MemoryStorage extends Storage {
  readonly contents: Map<string, Uint8Array>
  readonly commits: (readonly StorageChange[])[]
  isBroken: boolean
  /** Where set, writes wait until they are let through. */
  gate: Promise<void> | undefined
}

/** One with what another one has written so far, or an empty one. */
export function memoryStorage(from?: MemoryStorage): MemoryStorage {
  const contents = new Map(from?.contents)
  const storage: MemoryStorage = {
    contents,
    commits: [],
    isBroken: false,
    gate: undefined,
    load: async function* () {
      yield* await Promise.resolve([...contents])
    },
    commit: async (changes) => {
      await storage.gate
      if (storage.isBroken) throw new Error('the disk is full')
      storage.commits.push(changes)
      for (const { key, value } of changes) {
        if (value === undefined) contents.delete(key)
        else contents.set(key, Uint8Array.from(value))
      }
    },
    close: () => Promise.resolve(),
  }
  return storage
}
