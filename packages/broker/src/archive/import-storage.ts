import { AntiphonError } from '@antiphon/core'
import { encodeFormat, encodeIncompleteFormat, formatKey } from '../journal/format.js'
import { keys } from '../journal/records.js'
import type { Storage, StorageChange } from '../storage/storage.js'
import { fromLine } from './archive-line.js'
import { headerFault } from './export-storage.js'

/** Entries in one commit. */
const batchSize = 1_000

/**
 * Imports the lines of an export into an empty storage; returns the number of entries. Rejects with `invalid-argument`, with
 * the number of the line, if a line has a fault. The storage is then unusable: a broker refuses to open it.
 */
export async function importStorage(storage: Storage, lines: AsyncIterable<string>): Promise<number> {
  for await (const [key] of storage.load())
    throw new AntiphonError(
      'invalid-argument',
      `cannot import: the storage is not empty (it has the entry ${key}); import into a new directory`,
    )
  const archive = new ArchiveReader()
  let batch: StorageChange[] = [{ key: formatKey, value: encodeIncompleteFormat() }]
  for await (const line of lines) {
    const entry = archive.read(line)
    if (entry !== undefined) batch.push(entry)
    if (batch.length < batchSize) continue
    await storage.commit(batch)
    batch = []
  }
  archive.end()
  await storage.commit(batch)
  // Last: without it, the import counts as incomplete.
  await storage.commit([{ key: formatKey, value: encodeFormat() }])
  return archive.entries
}

/** Reads the lines of an archive, and checks that it is complete. */
class ArchiveReader {
  entries = 0
  #line = 0
  #isEnded = false
  readonly #keys = new Set<string>()
  /** The lines of queued messages by the message that they refer to. */
  readonly #references = new Map<string, number>()

  /** Returns the entry of the next line; `undefined` for the header, the end and empty lines. */
  read(text: string): StorageChange | undefined {
    this.#line++
    if (text === '') return undefined
    const line = this.#attempt(() => JSON.parse(text) as unknown)
    if (this.#isEnded) throw this.#fault('it follows the end of the export')
    if (this.#line === 1) {
      const fault = headerFault(line)
      if (fault !== undefined) throw this.#fault(fault)
      return undefined
    }
    const { type, entries, message } = (line ?? {}) as { readonly [name: string]: unknown }
    if (type === 'end') {
      if (entries !== this.entries)
        throw this.#fault(
          `the export has ${this.entries} entries before its end: it must have ${String(entries)}`,
        )
      this.#isEnded = true
      return undefined
    }
    const entry = this.#attempt(() => fromLine(line))
    if (this.#keys.has(entry.key)) throw this.#fault(`it repeats the entry ${entry.key}`)
    this.#keys.add(entry.key)
    if (type === 'queued') this.#references.set(`${keys.message}${String(message)}`, this.#line)
    this.entries++
    return entry
  }

  /** Throws if the archive is incomplete. */
  end(): void {
    if (!this.#isEnded) throw this.#fault('the export is cut off: its last line must have the type end')
    for (const [key, line] of this.#references)
      if (!this.#keys.has(key))
        throw new AntiphonError(
          'invalid-argument',
          `line ${line}: it refers to message ${key.slice(2)}, which the file does not have`,
        )
  }

  #attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw this.#fault(AntiphonError.from(cause).rawMessage, cause)
    }
  }

  #fault(text: string, cause?: unknown): AntiphonError {
    return new AntiphonError('invalid-argument', `line ${this.#line}: ${text}`, { cause })
  }
}
