/**
 * A store of durable requests in a directory, on LevelDB.
 *
 * @packageDocumentation
 */
import { requireArgument, type OptionRules } from '@antiphon/core/link'
import { ClassicLevel } from 'classic-level'
import type { DurableStore } from './store/durable-store.js'
import { openFault } from './store/store-fault.js'

/** Options of `levelStore`. */
export interface LevelStoreOptions {
  /**
   * Waits for the disk at every write, so that requests survive a power cut. With `false`, a write waits for the operating
   * system only: requests survive the death of the process. @defaultValue true
   */
  readonly sync?: boolean
}

const optionRules: OptionRules<LevelStoreOptions> = { sync: [true, false] }

/**
 * Creates a store in a directory, for one process at a time. Needs the package `classic-level`.
 *
 * @example
 * ```ts
 * const store = levelStore('./requests')
 * ```
 */
export function levelStore(directory: string, options: LevelStoreOptions = {}): DurableStore {
  requireArgument('options', options, optionRules)
  const { sync = true } = options
  let database: ClassicLevel<string, Uint8Array> | undefined
  let hasWriteFailed = false

  const open = async (): Promise<ClassicLevel<string, Uint8Array>> => {
    const opened = database ?? new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' })
    database = opened
    try {
      await opened.open()
    } catch (error) {
      database = undefined
      throw openFault(`in ${directory}`, error)
    }
    return opened
  }
  const close = async (): Promise<void> => {
    const closing = database
    database = undefined
    await closing?.close()
  }

  return {
    load: async function* () {
      const opened = await open()
      try {
        yield* opened.iterator()
      } catch (error) {
        throw openFault(`in ${directory}`, error)
      }
    },
    commit: async (changes) => {
      // A write that failed half-way ends LevelDB's log for a later reader: what is written behind it would be lost.
      // Opening the store again recovers the earlier writes and starts a new log.
      if (hasWriteFailed) await close()
      const opened = await open()
      hasWriteFailed = true
      await opened.batch(
        changes.map(({ key, value }) =>
          value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
        ),
        { sync },
      )
      hasWriteFailed = false
    },
    close,
  }
}
