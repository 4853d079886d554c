import type { Storage } from '@antiphon/broker'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { timer, type SchedulerLike } from 'rxjs'

/** The components that a journal uses. */
export interface PlatformJournalParts {
  readonly storage: Storage
  readonly scheduler: SchedulerLike
  /** Called when a commit has failed; it is repeated after a second. */
  readonly onFailure: (error: unknown) => void
}

const retryDelay = 1_000

/** The stored entries of a platform, as JSON by key. Changes are committed in batches, one after another. */
export class PlatformJournal {
  readonly #parts: PlatformJournalParts
  #changes = new Map<string, Uint8Array | undefined>()
  #committing: Promise<void> | undefined
  #isClosed = false

  constructor(parts: PlatformJournalParts) {
    this.#parts = parts
  }

  /** Reads all entries, in the order of their keys. */
  async load(): Promise<readonly (readonly [key: string, value: unknown])[]> {
    const entries: (readonly [string, unknown])[] = []
    for await (const [key, bytes] of this.#parts.storage.load())
      entries.push([key, JSON.parse(fromUtf8(bytes)) as unknown])
    return entries.sort(([left], [right]) => (left < right ? -1 : 1))
  }

  /** Sets an entry, or deletes it if the value is `undefined`. */
  put(key: string, value: unknown): void {
    this.#changes.set(key, value === undefined ? undefined : toUtf8(JSON.stringify(value)))
    this.#committing ??= this.#commit()
  }

  /** Resolves when all changes are durable. */
  settled(): Promise<void> {
    return this.#committing ?? Promise.resolve()
  }

  /** Waits for changes and closes the storage. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.settled()
    await this.#parts.storage.close()
  }

  async #commit(): Promise<void> {
    const { storage, scheduler, onFailure } = this.#parts
    // Collects the changes of this turn.
    await Promise.resolve()
    while (this.#changes.size > 0) {
      const batch = this.#changes
      this.#changes = new Map()
      try {
        await storage.commit(
          [...batch].map(([key, value]) => (value === undefined ? { key } : { key, value })),
        )
      } catch (error) {
        onFailure(error)
        if (this.#isClosed) break
        this.#changes = new Map([...batch, ...this.#changes])
        await new Promise<void>((resolve) => timer(retryDelay, scheduler).subscribe(() => resolve()))
      }
    }
    this.#committing = undefined
  }
}
