import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AntiphonError } from '@antiphon/core'
import type { DurableStore } from '@antiphon/durable'
import { levelStore } from '@antiphon/durable/level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFault, writeFault } from '../../src/store/store-fault.js'
import { rejection } from '../world.js'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'antiphon-level-'))))
afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }))

async function keysOf(store: DurableStore): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const [key] of store.load()) keys.push(key)
  return keys
}

const bytes = (value: number): Uint8Array => Uint8Array.of(value)

describe('levelStore', () => {
  it('tells that another process has the store open', async () => {
    const first = levelStore(folder)
    await keysOf(first)
    expect(await rejection(keysOf(levelStore(folder)))).toBe(
      `[invalid-argument] cannot open the store in ${folder}: another process has it open; stop that process, or give each process a store of its own`,
    )
    await first.close()
  })

  it('tells that the store is corrupt', async () => {
    const store = levelStore(folder)
    await keysOf(store)
    await store.commit([{ key: 'a', value: bytes(1) }])
    await store.close()
    for (const file of await readdir(folder))
      if (file.startsWith('MANIFEST')) await writeFile(join(folder, file), 'not a manifest')
    expect(await rejection(keysOf(levelStore(folder)))).toMatch(
      /^\[invalid-argument\] cannot open the store in .*: it is corrupt \(.*\); restore a backup, or move it away to start without stored requests$/,
    )
  })

  it('opens again after a failed write, and keeps what was written before and after', async () => {
    const store = levelStore(folder, { sync: false })
    await keysOf(store)
    await store.commit([{ key: 'before', value: bytes(1) }])
    await expect(store.commit([{ key: undefined as never, value: bytes(2) }])).rejects.toThrow()
    await store.commit([{ key: 'after', value: bytes(3) }])
    await store.close()
    const again = levelStore(folder)
    expect(await keysOf(again)).toEqual(['after', 'before'])
    await again.close()
  })

  it('rejects an unknown option', () => {
    expect(() => levelStore(folder, { synch: true } as never)).toThrow('did you mean sync?')
  })
})

describe('the errors of stores', () => {
  const fault = (message: string, code?: string, name = 'Error'): Error =>
    Object.assign(new Error(message), { name, ...(code !== undefined && { code }) })

  it('says what to do if a store cannot be opened', () => {
    const messages = [
      fault('mkdir', 'EACCES'),
      fault('IO error: LOCK: Permission denied', 'LEVEL_IO_ERROR'),
      fault('IO error: 5.ldb: No such file', 'LEVEL_IO_ERROR'),
      fault('mkdir a', 'ENOTDIR'),
      fault('anything else'),
    ].map((cause) => openFault('in a', new Error('not open', { cause })).rawMessage)
    expect([...messages, openFault('in a', 'a text').rawMessage]).toEqual([
      'cannot open the store in a: access is not permitted (mkdir); give this user read and write access',
      'cannot open the store in a: access is not permitted (IO error: LOCK: Permission denied); give this user read and write access',
      'cannot open the store in a: it is corrupt (IO error: 5.ldb: No such file); restore a backup, or move it away to start without stored requests',
      'cannot open the store in a: it is not a directory (mkdir a)',
      'cannot open the store in a: anything else',
      'cannot open the store in a: a text',
    ])
    const known = new AntiphonError('invalid-argument', 'known')
    expect(openFault('in a', known)).toBe(known)
  })

  it('tells a full disk from another failed write', () => {
    const codes = [
      fault('write', 'ENOSPC'),
      fault('the quota', undefined, 'QuotaExceededError'),
      fault('the transaction was aborted'),
    ].map((error) => writeFault('it', error).code)
    expect(codes).toEqual(['overflow', 'overflow', 'unknown'])
  })
})
