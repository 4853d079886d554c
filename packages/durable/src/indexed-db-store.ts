/**
 * A store of durable requests in the IndexedDB of a browser.
 *
 * @packageDocumentation
 */
import { numberRule, requireArgument, type OptionRules } from '@antiphon/core/link'
import { AntiphonError } from '@antiphon/core'
import type { DurableStore } from './store/durable-store.js'
import { openFault } from './store/store-fault.js'

/** Options of `indexedDbStore`. */
export interface IndexedDbStoreOptions {
  /**
   * Milliseconds to wait for another page that has the store open, such as the page before a reload. @defaultValue 5 000
   */
  readonly lockTimeout?: number
}

const optionRules: OptionRules<IndexedDbStoreOptions> = { lockTimeout: numberRule(1e-3) }

const OBJECT_STORE = 'entries'

/**
 * Creates a store in an IndexedDB database, for one page at a time. In a secure context, the Web Locks API keeps other pages of
 * the origin away from it.
 *
 * @example
 * ```ts
 * const store = indexedDbStore('requests')
 * ```
 */
export function indexedDbStore(name: string, options: IndexedDbStoreOptions = {}): DurableStore {
  requireArgument('options', options, optionRules)
  const { lockTimeout = 5_000 } = options
  let opening: Promise<OpenDatabase> | undefined

  const open = (): Promise<OpenDatabase> => {
    opening ??= openDatabase(name, lockTimeout).catch((error: unknown) => {
      opening = undefined
      throw openFault(name, error)
    })
    return opening
  }

  return {
    load: async function* () {
      const { database } = await open()
      const entries = database.transaction(OBJECT_STORE).objectStore(OBJECT_STORE)
      const [keys, values] = await Promise.all([resultOf(entries.getAllKeys()), resultOf(entries.getAll())])
      for (const [index, key] of keys.entries()) yield [key as string, values[index] as Uint8Array]
    },
    commit: async (changes) => {
      const { database } = await open()
      const transaction = database.transaction(OBJECT_STORE, 'readwrite', { durability: 'strict' })
      const entries = transaction.objectStore(OBJECT_STORE)
      for (const { key, value } of changes) {
        if (value === undefined) entries.delete(key)
        // A view would be stored with the whole buffer behind it.
        else entries.put(value.slice(), key)
      }
      await committed(transaction)
    },
    close: async () => {
      const closing = await opening?.catch(() => undefined)
      opening = undefined
      closing?.database.close()
      closing?.release()
    },
  }
}

/** An open database, and what lets other pages open it. */
interface OpenDatabase {
  readonly database: IDBDatabase
  readonly release: () => void
}

async function openDatabase(name: string, lockTimeout: number): Promise<OpenDatabase> {
  const release = await lock(`antiphon.${name}`, lockTimeout)
  try {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore(OBJECT_STORE)
    return { database: await resultOf(request), release }
  } catch (error) {
    release()
    throw error
  }
}

/** Takes the lock of a database and returns what releases it. */
async function lock(name: string, lockTimeout: number): Promise<() => void> {
  // Absent in a page without a secure context, and in runtimes other than browsers.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (locks === undefined) return () => undefined
  return new Promise((resolve, reject) => {
    locks
      .request(
        name,
        { signal: AbortSignal.timeout(lockTimeout) },
        () => new Promise<void>((release) => resolve(release)),
      )
      .catch(() => {
        const fault = `another page has had the store ${name.slice('antiphon.'.length)} open for ${lockTimeout} ms`
        reject(
          new AntiphonError(
            'invalid-argument',
            `${fault}; close that page, or give each page a store of its own`,
          ),
        )
      })
  })
}

function resultOf<A>(request: IDBRequest<A>): Promise<A> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the request failed'))
  })
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'))
  })
}
