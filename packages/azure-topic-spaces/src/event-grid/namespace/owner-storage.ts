import type { Storage, StorageChange } from '@antiphon/broker'
import { fromUtf8, toUtf8 } from '@antiphon/core/codec'

// The broker's own keys have a prefix of one letter.
const prefix = 'owner:'

/**
 * The storage of a namespace's broker, which also keeps the owner of each session. Without owners, another client could use
 * the session of a client that was connected before a restart.
 */
export class OwnerStorage implements Storage {
  readonly #storage: Storage
  readonly #onRestored: (sessionName: string, authenticationName: string) => void
  #changes = new Map<string, Uint8Array | undefined>()
  #committed: Promise<unknown> = Promise.resolve()

  /** Calls `onRestored` for each owner in the storage. */
  constructor(storage: Storage, onRestored: (sessionName: string, authenticationName: string) => void) {
    this.#storage = storage
    this.#onRestored = onRestored
  }

  /** Sets the owner of a session, or deletes it. It is stored together with the broker's next changes, or soon without. */
  readonly put = (sessionName: string, authenticationName: string | undefined): void => {
    this.#changes.set(
      prefix + sessionName,
      authenticationName === undefined ? undefined : toUtf8(authenticationName),
    )
    queueMicrotask(() => {
      // A commit that fails leaves its changes to the next one.
      if (this.#changes.size > 0) this.commit([]).catch(() => undefined)
    })
  }

  readonly load = (): AsyncIterable<readonly [key: string, value: Uint8Array]> => this.#load()

  readonly commit = (changes: readonly StorageChange[]): Promise<void> => {
    const owners = this.#changes
    this.#changes = new Map()
    const ownerChanges = [...owners].map(([key, value]) => (value === undefined ? { key } : { key, value }))
    const committed = this.#committed.then(() => this.#storage.commit([...changes, ...ownerChanges]))
    this.#committed = committed.catch(() => {
      this.#changes = new Map([...owners, ...this.#changes])
    })
    return committed
  }

  readonly close = async (): Promise<void> => {
    await this.#committed
    await this.#storage.close()
  }

  async *#load(): AsyncGenerator<readonly [key: string, value: Uint8Array]> {
    for await (const entry of this.#storage.load()) {
      const [key, value] = entry
      if (key.startsWith(prefix)) this.#onRestored(key.slice(prefix.length), fromUtf8(value))
      else yield entry
    }
  }
}
