import { AntiphonError } from '@antiphon/core'
import type { Storage } from '../storage/storage.js'

/** Opens the storage in the directory of `--data`. Throws `invalid-argument` if the package `classic-level` is missing. */
export async function openDurableStorage(directory: string): Promise<Storage> {
  try {
    const { durableStorage } = await import('../durable.js')
    return durableStorage(directory)
  } catch (cause) {
    throw new AntiphonError(
      'invalid-argument',
      'cannot open --data: the package classic-level is not installed; run npm install classic-level',
      { cause },
    )
  }
}
