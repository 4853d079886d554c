import type { DurableStore } from './durable-store.js'

/** Creates a store in memory, for tests: what it has survives `close`, but not the process. */
export function memoryStore(): DurableStore {
  const entries = new Map<string, Uint8Array>()
  return {
    load: async function* () {
      for (const entry of [...entries]) yield await Promise.resolve(entry)
    },
    commit: (changes) => {
      for (const { key, value } of changes) {
        if (value === undefined) entries.delete(key)
        else entries.set(key, value.slice())
      }
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
}
