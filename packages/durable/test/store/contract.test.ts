import { IDBFactory } from 'fake-indexeddb'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type DurableStore } from '@antiphon/durable'
import { storeContract } from '@antiphon/durable/contract'
import { indexedDbStore } from '@antiphon/durable/indexed-db'
import { levelStore } from '@antiphon/durable/level'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

describe('the contract of stores in memory', () => {
  const stores = new Map<string, DurableStore>()
  const store = (name: string): DurableStore => {
    const existing = stores.get(name) ?? memoryStore()
    stores.set(name, existing)
    return existing
  }
  for (const { name, run } of storeContract({ store, isExclusive: false })) it(name, run)
})

describe('the contract of stores on LevelDB', () => {
  let folder: string
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'antiphon-level-'))))
  afterAll(() => rm(folder, { recursive: true, maxRetries: 5 }))
  for (const { name, run } of storeContract({ store: (name) => levelStore(join(folder, name)) }))
    it(name, run)
})

describe('the contract of stores on IndexedDB', () => {
  beforeAll(() => void Object.assign(globalThis, { indexedDB: new IDBFactory() }))
  afterAll(() => void Reflect.deleteProperty(globalThis, 'indexedDB'))
  // Without the Web Locks API, which Node does not have, pages are not kept apart.
  for (const { name, run } of storeContract({ store: indexedDbStore, isExclusive: false })) it(name, run)
})

describe('storeContract', () => {
  it('finds a store that loses its entries when it is closed', async () => {
    const lossy = (): DurableStore => {
      let inner = memoryStore()
      return {
        load: () => inner.load(),
        commit: (changes) => inner.commit(changes),
        close: () => {
          inner = memoryStore()
          return Promise.resolve()
        },
      }
    }
    const results = await Promise.allSettled(storeContract({ store: lossy }).map(({ run }) => run()))
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3)
  })
})
