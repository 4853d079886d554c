import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportStorage } from '../../src/archive/export-storage.js'
import { importStorage } from '../../src/archive/import-storage.js'
import { durableStorage } from '../../src/durable.js'
import { createBroker } from '../../src/index.js'
import type { Broker } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import type { MemoryStorage } from '../storage/memory-storage.js'
import { expectStoredState, fillStorage, packFolder, unpackFolder } from '../storage/stored-state.js'
import { testCommand } from '../cli/command-host.js'

let folder: string
const brokers: Broker[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-archive-'))
})
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.close()
  await rm(folder, { recursive: true })
})
const at = (name: string): string => join(folder, name)

function start(directory: string): Broker {
  const storage = durableStorage(directory)
  const broker = createBroker({ storage, limits: { sessionExpiryInterval: Infinity }, closeTimeout: 0 })
  brokers.push(broker)
  return broker
}

/** Fills a directory with the state that {@link expectStoredState} expects, as a broker leaves it that was killed. */
async function filledDirectory(): Promise<string> {
  await fillStorage(start(at('live')))
  await packFolder(at('live'), at('packed.json'))
  await unpackFolder(at('packed.json'), at('data'))
  return at('data')
}

/** Runs the command and returns its exit code and what it printed. */
async function run(...args: readonly string[]): Promise<[number, ...string[]]> {
  const command = testCommand()
  command.stdin.end()
  return [await command.run(...args), ...command.printed, ...command.errors]
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* await Promise.resolve(lines)
}

const importLines = async (...lines: readonly (object | string)[]): Promise<MemoryStorage> => {
  const storage = memoryStorage()
  await importStorage(
    storage,
    linesOf(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))),
  )
  return storage
}

const head = { type: 'storage', format: 2 }
const publication = {
  ...{ topic: 't', qos: 1, retain: true, expiryOffset: -1, expiresAt: null, publisherId: '' },
  ...{ properties: '', payload: 'aGk=' },
}
const session = {
  ...{ type: 'session', id: 1, clientId: 'a', sessionExpiryInterval: null, disconnectedAt: null },
  ...{ subscriptions: [], will: null },
}
const queued = {
  ...{ type: 'queued', session: 1, id: 1, message: 1, qos: 1, retain: false, identifiers: null },
  ...{ share: null, packetId: 0, wasSent: false, isReceived: false },
}

describe('export and import', () => {
  it('move all state of a broker into a new storage', async () => {
    const data = await filledDirectory()
    expect(await run('export', data, at('archive'))).toEqual([0, `exported ${data} to ${at('archive')}`])
    expect((await stat(at('archive'))).mode & 0o777).toBe(0o600)
    const lines = (await readFile(at('archive'), 'utf8')).trimEnd().split('\n')
    expect(JSON.parse(lines[0] ?? '')).toEqual(head)
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ type: 'end', entries: lines.length - 2 })
    const types = lines.map((line) => (JSON.parse(line) as { type: string }).type)
    expect(new Set(types)).toEqual(
      new Set(['storage', 'session', 'message', 'queued', 'received', 'retained', 'end']),
    )
    expect(await run('import', at('new'), at('archive'))).toEqual([
      0,
      `imported ${lines.length - 2} entries into ${at('new')}`,
    ])
    await expectStoredState(start(at('new')))
  })

  it('write to the standard output and read from the standard input', async () => {
    const [out, into] = [testCommand(), testCommand()]
    const data = await filledDirectory()
    const exporting = out.run('export', data).finally(() => out.stdout.end())
    const archive = await text(out.stdout)
    expect([await exporting, out.printed]).toEqual([0, []])
    into.stdin.end(archive)
    expect(await into.run('import', at('new'))).toBe(0)
    await expectStoredState(start(at('new')))
  })

  it('export a storage of format 1 in the present format', async () => {
    const storage = memoryStorage()
    const subscription = { filter: 't', qos: 1, noLocal: false, retainAsPublished: false, identifiers: null }
    const { type: _, id: _id, ...record } = session
    storage.contents.set('s:1', Buffer.from(JSON.stringify({ ...record, subscriptions: [subscription] })))
    const lines: unknown[] = []
    for await (const line of exportStorage(storage)) lines.push(JSON.parse(line))
    expect(lines).toEqual([
      head,
      { ...session, subscriptions: [{ ...subscription, retainHandling: 0 }] },
      { type: 'end', entries: 1 },
    ])
  })

  it('keep when a message expires', async () => {
    const retained = { ...publication, type: 'retained', expiresAt: 5_000_000_000_000 }
    const storage = await importLines(head, retained, { type: 'end', entries: 1 })
    const lines: unknown[] = []
    for await (const line of exportStorage(storage)) lines.push(JSON.parse(line))
    expect(lines).toEqual([head, retained, { type: 'end', entries: 1 }])
  })

  it('refuse a storage of a later format, and one with entries of an unknown kind', async () => {
    const exported = async (key: string, value: string): Promise<unknown> => {
      const storage = memoryStorage()
      storage.contents.set(key, Buffer.from(value))
      for await (const line of exportStorage(storage)) void line
      return undefined
    }
    await expect(exported('f:format', '{"format":3}')).rejects.toThrow('it has format 3')
    await expect(exported('x:1', '')).rejects.toThrow('the storage has an entry of an unknown kind: x:1')
  })

  it('refuse a storage that a broker uses, a directory or file that is absent, and a file that exists', async () => {
    const live = at('live')
    const broker = start(live)
    await broker.listen({ protocol: 'tcp' })
    for (const args of [
      ['export', live],
      ['import', live, at('archive')],
    ]) {
      await writeFile(at('archive'), '')
      const [code, fault] = await run(...args)
      expect([code, fault]).toEqual([1, expect.stringContaining('it is locked by another process')])
    }
    expect(await run('export', at('absent'))).toEqual([
      1,
      `antiphon-broker: cannot export ${at('absent')}: there is no such directory`,
    ])
    expect(await run('import', at('new'), at('absent'))).toEqual([
      1,
      `antiphon-broker: cannot import ${at('absent')}: there is no such file`,
    ])
    await mkdir(at('empty'))
    expect((await run('export', at('empty'), at('archive')))[1]).toContain('EEXIST')
  })

  it('explain their arguments', async () => {
    for (const command of ['export', 'import']) {
      expect(await run(command, '--help')).toEqual([
        0,
        expect.stringContaining(`Usage: antiphon-broker ${command} <directory> [file]`),
      ])
      const see = `; see antiphon-broker ${command} --help`
      for (const args of [[], ['a', 'b', 'c']])
        expect(await run(command, ...args)).toEqual([
          1,
          `antiphon-broker: ${command} needs <directory> and at most one <file>${see}`,
        ])
      expect(await run(command, '--force', 'a')).toEqual([
        1,
        `antiphon-broker: Unknown option '--force'${see}`,
      ])
    }
  })
})

describe('importStorage', () => {
  it('commits entries in batches, and the format last', async () => {
    const retained = Array.from({ length: 1_500 }, (_, index) => ({
      ...publication,
      type: 'retained',
      topic: `t/${index}`,
    }))
    const storage = await importLines(head, ...retained, '', { type: 'end', entries: 1_500 })
    expect(storage.commits.map((changes) => changes.length)).toEqual([1_000, 501, 1])
    expect(storage.contents.size).toBe(1_501)
  })

  it('refuses a storage that is not empty', async () => {
    const storage = memoryStorage()
    storage.contents.set('s:1', Buffer.from('{}'))
    await expect(importStorage(storage, linesOf([]))).rejects.toThrow(
      'cannot import: the storage is not empty (it has the entry s:1); import into a new directory',
    )
  })

  it('leaves a storage that no broker opens if it does not complete', async () => {
    const storage = memoryStorage()
    const retained = Array.from({ length: 1_500 }, (_, index) => ({
      ...publication,
      type: 'retained',
      topic: `t/${index}`,
    }))
    const lines = [head, ...retained].map((line) => JSON.stringify(line))
    await expect(importStorage(storage, linesOf(lines))).rejects.toThrow('the export is cut off')
    const broker = createBroker({ storage })
    brokers.push(broker)
    await expect(broker.listen({ protocol: 'tcp' })).rejects.toThrow('an import into it was not completed')
  })

  it.each<[string, (object | string)[]]>([
    ['line 1: it is not the header of an export', [session]],
    ['line 1: the export has format 3: this version imports format 2', [{ type: 'storage', format: 3 }]],
    ['line 0: the export is cut off', []],
    ['line 2: Unexpected token', [head, 'nonsense']],
    [
      'line 2: type is "x": it must be session or message or queued or received or retained',
      [head, { type: 'x' }],
    ],
    ['line 2: type is undefined: it must be', [head, 'null']],
    ['line 2: the export has 0 entries before its end: it must have 1', [head, { type: 'end', entries: 1 }]],
    ['line 3: it follows the end of the export', [head, { type: 'end', entries: 0 }, session]],
    ['line 3: it repeats the entry s:1', [head, session, session]],
    [
      'line 2: it refers to message 1, which the file does not have',
      [head, queued, { type: 'end', entries: 1 }],
    ],
    ['line 2: clientId is missing', [head, { ...session, clientId: undefined }]],
    ['line 2: clientID is not known: did you mean clientId?', [head, { ...session, clientID: 'a' }]],
    ['line 2: subscriptions is 5: it must be a list', [head, { ...session, subscriptions: 5 }]],
    ['line 2: topic is "a/#": ', [head, { ...publication, type: 'retained', topic: 'a/#' }]],
    ['line 2: topic is 5: it must be a string', [head, { ...publication, type: 'retained', topic: 5 }]],
    [
      'line 2: payload is "?": it must be base64',
      [head, { ...publication, type: 'message', id: 1, payload: '?' }],
    ],
    [
      'line 2: packetId is 0: it must be a whole number from 1 to 65535',
      [head, { type: 'received', session: 1, packetId: 0 }],
    ],
    ['line 2: subscriptions', [head, { ...session, subscriptions: [{ filter: 5 }] }]],
    ['line 2: will', [head, { ...session, will: { client: 5 } }]],
  ])('says %s', async (fault, lines) => {
    await expect(importLines(...lines)).rejects.toThrow(fault)
  })
})
