import type { DurableStore } from '../store/durable-store.js'

/** The stores of a test. */
export interface StoreSetting {
  /** Creates a store on the same data each time that it is called with the same name; a new name has no data. */
  readonly store: (name: string) => DurableStore
  /** Whether a second store on the data of an open one must be refused. @defaultValue true */
  readonly isExclusive?: boolean
}

/** One case of the contract; `run` rejects if the store breaks it. */
export interface StoreCase {
  readonly name: string
  readonly run: () => Promise<void>
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values)

/**
 * Returns the cases that every store must pass.
 *
 * @example
 * ```ts
 * for (const { name, run } of storeContract({ store: (name) => levelStore(join(folder, name)) })) it(name, run)
 * ```
 */
export function storeContract({ store, isExclusive = true }: StoreSetting): readonly StoreCase[] {
  const cases: Record<string, (name: string) => Promise<void>> = {
    'is empty at first': async (name) => {
      await expectEntries(store(name), {})
    },
    'has what was committed, also after it was opened again': async (name) => {
      const first = store(name)
      await expectEntries(first, {}, false)
      await first.commit([
        { key: 'a', value: bytes(1) },
        { key: 'b', value: bytes() },
      ])
      await expectEntries(first, { a: [1], b: [] })
      await expectEntries(store(name), { a: [1], b: [] })
    },
    'opens again after it was closed': async (name) => {
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.commit([{ key: 'a', value: bytes(1) }])
      await opened.close()
      await expectEntries(opened, { a: [1] })
    },
    'applies the changes of a key in their order': async (name) => {
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.commit([
        { key: 'set', value: bytes(1) },
        { key: 'set', value: bytes(2) },
        { key: 'gone', value: bytes(3) },
        { key: 'gone' },
        { key: 'back', value: bytes(4) },
        { key: 'back' },
        { key: 'back', value: bytes(5) },
      ])
      await expectEntries(opened, { back: [5], set: [2] })
    },
    'deletes a key, and ignores the deletion of an unknown one': async (name) => {
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.commit([{ key: 'a', value: bytes(1) }])
      await opened.commit([{ key: 'a' }, { key: 'unknown' }])
      await expectEntries(opened, {})
    },
    'keeps keys and values apart, whatever their characters and bytes': async (name) => {
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const keys = ['["request","a/b","key","ä€😀"]', 'a\u0000b', 'a', 'A']
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.commit(keys.map((key) => ({ key, value: every })))
      await expectEntries(opened, Object.fromEntries(keys.map((key) => [key, [...every]])))
    },
    'has its own copy of a value': async (name) => {
      const opened = store(name)
      await expectEntries(opened, {}, false)
      const large = Uint8Array.from([9, 9, 1, 2, 9, 9])
      await opened.commit([{ key: 'a', value: large.subarray(2, 4) }])
      large.fill(0)
      await expectEntries(opened, { a: [1, 2] })
    },
    'has a value of a megabyte': async (name) => {
      const value = Uint8Array.from({ length: 2 ** 20 }, (_, index) => index % 251)
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.commit([{ key: 'large', value }])
      await expectEntries(opened, { large: [...value] })
    },
    'closes more than once': async (name) => {
      const opened = store(name)
      await expectEntries(opened, {}, false)
      await opened.close()
      await opened.close()
    },
  }
  if (isExclusive) {
    cases['refuses a second store on its data while it is open'] = async (name) => {
      const first = store(name)
      await expectEntries(first, {}, false)
      const second = store(name)
      const error: unknown = await expectEntries(second, {}, false).catch((thrown: unknown) => thrown)
      await second.close()
      await first.close()
      if ((error as { readonly code?: unknown } | undefined)?.code !== 'invalid-argument')
        throw new Error(`expected an error with code invalid-argument, got ${String(error)}`)
      await expectEntries(second, {})
    }
  }
  return Object.entries(cases).map(([name, run], index) => ({ name, run: () => run(`case-${index}`) }))
}

/** Loads a store, compares its entries with the expected bytes, and closes it unless it is used further. */
async function expectEntries(
  store: DurableStore,
  expected: Readonly<Record<string, readonly number[]>>,
  isLast = true,
): Promise<void> {
  const found: Record<string, readonly number[]> = {}
  for await (const [key, value] of store.load()) found[key] = [...value]
  if (isLast) await store.close()
  const text = (entries: Readonly<Record<string, readonly number[]>>): string =>
    JSON.stringify(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
  if (text(found) !== text(expected))
    throw new Error(`expected the entries ${text(expected).slice(0, 200)}, got ${text(found).slice(0, 200)}`)
}
