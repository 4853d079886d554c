import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { durableStorage } from '../../src/durable.js'
import { openFault } from '../../src/storage/open-fault.js'
import type { Storage } from '../../src/storage/storage.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-durable-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function loadAll(storage: Storage): Promise<[string, string][]> {
  const entries: [string, string][] = []
  for await (const [key, value] of storage.load()) entries.push([key, Buffer.from(value).toString()])
  return entries.sort()
}

const bytes = (text: string): Uint8Array => Buffer.from(text)

describe('durableStorage', () => {
  it('loads committed entries after it is reopened', async () => {
    const first = durableStorage(folder)
    expect(await loadAll(first)).toEqual([])
    await first.commit([
      { key: 'r:ä/1', value: bytes('one') },
      { key: 'b', value: bytes('two') },
    ])
    await first.commit([{ key: 'b' }, { key: 'c', value: bytes('') }])
    await first.close()
    const second = durableStorage(folder, { sync: false })
    expect(await loadAll(second)).toEqual([
      ['c', ''],
      ['r:ä/1', 'one'],
    ])
    await second.close()
  })

  it('refuses to open a folder that another durable storage uses', async () => {
    const first = durableStorage(folder)
    await loadAll(first)
    await expect(loadAll(durableStorage(folder))).rejects.toThrow(
      `cannot open the storage in ${folder}: it is locked by another process`,
    )
    await first.close()
  })

  it.each([
    ['EACCES', "EACCES: permission denied, mkdir '/data'", 'access is not permitted'],
    ['LEVEL_IO_ERROR', 'IO error: /data/LOCK: Permission denied', 'access is not permitted'],
    ['LEVEL_IO_ERROR', 'IO error: /data/MANIFEST-000001: No such file or directory', 'it is corrupt'],
    ['LEVEL_CORRUPTION', 'Corruption: no meta-nextfile entry in descriptor', 'it is corrupt'],
    ['ENOTDIR', "ENOTDIR: not a directory, mkdir '/data/x'", 'it is not a directory'],
    ['LEVEL_IO_ERROR', 'IO error: /data/LOG: No space left on device', 'IO error: /data/LOG: No space left'],
  ])('says why a storage cannot be opened: %s %s', (code, message, expected) => {
    const cause = Object.assign(new Error(message), { code })
    const { rawMessage } = openFault('/data', new Error('Database failed to open', { cause }))
    expect(rawMessage).toContain(`cannot open the storage in /data: ${expected}`)
  })
})
