import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AntiphonError } from '@antiphon/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { durableStorage } from '../../src/durable.js'
import { createBroker } from '../../src/index.js'
import type { Broker } from '../../src/index.js'
import { memoryStorage } from './memory-storage.js'
import { expectStoredState, fillStorage, packFolder, unpackFolder } from './stored-state.js'

let folder: string
const brokers: Broker[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-format-'))
})
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.close()
  await rm(folder, { recursive: true })
})

/** Starts a broker on a directory whose sessions do not expire. */
function start(directory: string): Broker {
  const broker = createBroker({
    storage: durableStorage(directory),
    limits: { sessionExpiryInterval: Infinity },
    closeTimeout: 0,
  })
  brokers.push(broker)
  return broker
}

/** Records of a storage in memory, as text by key. */
const contentsOf = ({ contents }: ReturnType<typeof memoryStorage>): Record<string, string> =>
  Object.fromEntries([...contents].map(([key, value]) => [key, Buffer.from(value).toString()]))

/** Starts a broker on a storage in memory, and returns why it cannot; `undefined` if it can. */
async function startOn(storage: ReturnType<typeof memoryStorage>): Promise<string | undefined> {
  const broker = createBroker({ storage, closeTimeout: 0 })
  brokers.push(broker)
  try {
    await broker.listen({ protocol: 'tcp' })
    return undefined
  } catch (error) {
    return (error as AntiphonError).rawMessage
  }
}

describe('the format of the storage', () => {
  it('is restored from a storage of format 1, of the version before there were format records', async () => {
    await unpackFolder(fileURLToPath(new URL('format-1.json', import.meta.url)), folder)
    await expectStoredState(start(folder))
  })

  it('is restored from a storage of the present format', async () => {
    await fillStorage(start(folder))
    const copy = join(folder, 'copy')
    await packFolder(folder, join(folder, 'packed.json'))
    await unpackFolder(join(folder, 'packed.json'), copy)
    await expectStoredState(start(copy))
    await rm(join(folder, 'packed.json'))
  })

  it('is raised with all records of sessions in one commit', async () => {
    const storage = memoryStorage()
    const subscription = { filter: 't', qos: 1, noLocal: false, retainAsPublished: false, identifiers: null }
    const session = {
      clientId: 'a',
      sessionExpiryInterval: null,
      disconnectedAt: null,
      subscriptions: [subscription],
      will: null,
    }
    storage.contents.set('s:1', Buffer.from(JSON.stringify(session)))
    expect(await startOn(storage)).toBeUndefined()
    await vi.waitFor(() => expect(storage.commits).toHaveLength(1), { timeout: 60_000 })
    const { 's:1': record = '', 'f:format': format } = contentsOf(storage)
    expect(format).toBe('{"format":2}')
    expect(JSON.parse(record)).toMatchObject({ subscriptions: [{ filter: 't', retainHandling: 0 }] })
    await brokers.pop()?.close()
    expect(await startOn(storage)).toBeUndefined()
    expect(storage.commits).toHaveLength(1)
  })

  it.each([
    [
      { 'f:format': '{"format":3}', 's:1': 'unknown bytes' },
      'cannot open the storage: it has format 3, which a later version wrote, and this version reads formats up to 2; install that version of @antiphon/broker again, or restore a backup from before the upgrade',
    ],
    [{ 'f:format': '{"format":0}' }, 'an import into it was not completed; delete it and import again'],
    [
      { 'f:format': '{"format":"x"}' },
      'cannot restore the entry f:format of the storage: it is corrupt (the format is "x")',
    ],
    [
      { 'f:format': '{"format":2}', 's:1': 'x' },
      'cannot restore the entry s:1 of the storage: it is corrupt',
    ],
  ])('refuses %j and changes nothing', async (contents, fault) => {
    const storage = memoryStorage()
    for (const [key, text] of Object.entries(contents)) storage.contents.set(key, Buffer.from(text))
    expect(await startOn(storage)).toContain(fault)
    await brokers.pop()?.close()
    expect(contentsOf(storage)).toEqual(contents)
  })
})
