import { AntiphonError } from '@antiphon/core'
import { invalidArgument } from '@antiphon/core/link'
import type { DurableStore, StoreChange } from './durable-store.js'
import { fromRecord, toRecord } from './record.js'
import { openFault } from './store-fault.js'

/** What a section of a store has: the requests of an endpoint, or the responses of one. */
export type SectionKind = 'request' | 'response'

/** The version of the records. A store of a later version is refused, because its records might be misread. */
const FORMAT = 1
const FORMAT_KEY = JSON.stringify(['format'])

/** A commit that waits for the one before it. */
interface Batch {
  readonly changes: StoreChange[]
  readonly committed: Promise<void>
}

/** A part of a store whose keys begin alike, used by one requester or responder. */
export interface StoreSection {
  /** What the section had when it was claimed: the values by their keys. */
  readonly entries: readonly (readonly [key: string, value: Uint8Array])[]
  /** Makes all changes durable, or none. */
  readonly commit: (changes: readonly StoreChange[]) => Promise<void>
  /** Gives the section back after its last commit; the store is closed with the last section. */
  readonly release: () => Promise<void>
}

/**
 * A store as its sections share it.
 *
 * It has one commit at a time: changes that arrive meanwhile are the next one, so that a slow disk costs latency and not
 * throughput.
 */
export class SharedStore {
  readonly #store: DurableStore
  readonly #claimed = new Set<string>()
  #waiting: Batch | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: DurableStore) {
    this.#store = store
  }

  /** Claims a section. Rejects if the store cannot be opened, or the section is claimed already. */
  async claim(kind: SectionKind, endpoint: string): Promise<StoreSection> {
    const name = JSON.stringify([kind, endpoint])
    if (this.#claimed.has(name)) {
      const fault = `the store already has the ${kind}s of ${endpoint} in use in this process`
      throw invalidArgument(`${fault}: close the former use, or pass another store`)
    }
    this.#claimed.add(name)
    try {
      const entries = await this.#load(name.slice(0, -1) + ',')
      return {
        entries,
        commit: (changes) => this.#commit(changes),
        release: () => this.#release(name),
      }
    } catch (error) {
      await this.#release(name).catch(() => undefined)
      throw openFault(`of ${endpoint}`, error)
    }
  }

  async #load(prefix: string): Promise<readonly (readonly [string, Uint8Array])[]> {
    const loading = this.#last.then(() => this.#read(prefix))
    this.#last = loading.catch(() => undefined)
    const { entries, format } = await loading
    if (format === undefined) await this.#commit([{ key: FORMAT_KEY, value: toRecord({ version: FORMAT }) }])
    return entries
  }

  async #read(prefix: string): Promise<{
    readonly entries: readonly (readonly [string, Uint8Array])[]
    readonly format: number | undefined
  }> {
    const entries: (readonly [string, Uint8Array])[] = []
    let format: number | undefined
    for await (const [key, value] of this.#store.load()) {
      if (key === FORMAT_KEY) format = fromRecord<{ readonly version: number }>(value).fields.version
      else if (key.startsWith(prefix)) entries.push([key, value])
    }
    if (format !== undefined && format > FORMAT) {
      const fault = `the store has format ${format}, and this version of @antiphon/durable reads ${FORMAT}`
      throw new AntiphonError('invalid-argument', `${fault}: install the later version again`)
    }
    return { entries, format }
  }

  #commit(changes: readonly StoreChange[]): Promise<void> {
    if (this.#waiting === undefined) {
      const batch: StoreChange[] = []
      const committed = this.#last.then(() => {
        this.#waiting = undefined
        return this.#store.commit(batch)
      })
      this.#last = committed.catch(() => undefined)
      this.#waiting = { changes: batch, committed }
    }
    this.#waiting.changes.push(...changes)
    return this.#waiting.committed
  }

  async #release(name: string): Promise<void> {
    if (!this.#claimed.delete(name) || this.#claimed.size > 0) return
    // In the queue of commits, so that a section that is claimed at once opens the store after it was closed.
    const closed = this.#last.then(() => this.#store.close())
    this.#last = closed.catch(() => undefined)
    await closed
  }
}

const sharedStores = new WeakMap<DurableStore, SharedStore>()

/** Returns the `SharedStore` of a store, of which there is one. */
export function sharedStoreOf(store: DurableStore): SharedStore {
  const existing = sharedStores.get(store)
  if (existing !== undefined) return existing
  const created = new SharedStore(store)
  sharedStores.set(store, created)
  return created
}

/** The rule of the option `store`. */
export function storeRule(value: unknown): string | undefined {
  const members = ['load', 'commit', 'close'] as const
  const isStore =
    typeof value === 'object' &&
    value !== null &&
    members.every((name) => typeof (value as Partial<DurableStore>)[name] === 'function')
  return isStore
    ? undefined
    : ': it must be a store, such as memoryStore(), levelStore(…) or indexedDbStore(…)'
}
