import { toAsyncApi } from '@antiphon/asyncapi'
import { createBroker } from '@antiphon/broker'
import { request } from '@antiphon/core'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type * as t from 'io-ts'
import { filter, firstValueFrom, NEVER, Subject } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { contractProgram, type ContractEnvironment } from '../../src/cli/program.js'
import { unlock } from '../endpoints.js'

const module = fileURLToPath(new URL('../endpoints.ts', import.meta.url))
const info = { title: 'Car', version: '2.0.0' }
let folder = ''
const inFolder = (name: string): string => join(folder, name)
const save = (name: string, content: unknown): string => {
  const file = inFolder(name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content, null, 2))
  return file
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'contract-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the command; returns what it prints and its exit code, or its error. */
async function run(
  args: readonly string[],
  environment: Partial<ContractEnvironment> = {},
): Promise<readonly [string, number]> {
  const printed: string[] = []
  const code = await contractProgram(args, {
    print: (text) => printed.push(text),
    stop$: NEVER,
    ...environment,
  })
  return [printed.join('\n'), code]
}

const document = toAsyncApi({ unlock }, info)

describe('antiphon-contract', () => {
  it('prints its help', async () => {
    const [help, code] = await run(['--help'])
    expect([help.startsWith('antiphon-contract'), code]).toEqual([true, 0])
    expect(await run([])).toEqual([help, 0])
  })

  it('exports a module to a file, which then is up to date', async () => {
    const out = inFolder('exported.json')
    const options = ['--title', 'Car', '--version', '2.0.0', '--qos', '2']
    expect(await run(['export', module, ...options, '--out', out])).toEqual(['', 0])
    const [printed] = await run(['export', module, ...options])
    expect(readFileSync(out, 'utf8')).toBe(`${printed}\n`)
    const [checked, code] = await run(['check', out, module])
    expect(checked.split('\n')).toEqual([
      '#/operations/history: its content type is application/cbor: pass a codec for it in options.codecs',
      '4 operations can be served, 1 cannot',
    ])
    expect(code).toBe(1)
  })

  it('checks a document in YAML', async () => {
    const file = save('unlock.yaml', stringify(document))
    expect(await run(['check', file])).toEqual(['1 operations can be served, 0 cannot', 0])
  })

  it('reports how a document differs from the module', async () => {
    const file = save('unlock.json', document)
    const [printed, code] = await run(['check', file, module])
    expect(printed).toContain('echo: the operation is new')
    expect(printed).toContain('unlock.json is not the export of')
    expect(code).toBe(1)
  })

  it('prints the changes between two documents', async () => {
    const before = save('before.json', document)
    const after = save(
      'after.json',
      toAsyncApi(
        { unlock, lock: { ...unlock, topic: { ...unlock.topic, template: 'lock', filter: () => 'lock' } } },
        info,
      ),
    )
    expect(await run(['diff', before, after])).toEqual([
      'compatible: lock: the operation is new\ncompatible',
      0,
    ])
    const [printed, code] = await run(['diff', after, before])
    expect(printed).toBe('breaking: lock: the operation is gone: its requests get no response\nbreaking')
    expect(code).toBe(1)
  })

  it('generates a module with types', async () => {
    const out = inFolder('unlock.ts')
    expect(await run(['generate', save('unlock.json', document), '--out', out])).toEqual(['', 0])
    const generated = readFileSync(out, 'utf8')
    expect(generated).toContain("doors: ('front' | 'rear')[]")
    expect(generated).toContain("export type UnlockRequest = Payloads['unlockRequest']")
    expect(generated).toContain(
      `export const unlock = endpoints['unlock'] as Endpoint as Endpoint<ContractTypes<"vehicles/{vin}/unlock", UnlockRequest, UnlockResponse, 'one', PayloadFieldCorrelation<"id">, "vehicles/{vin}/unlocked">>`,
    )
  })

  it('mocks a document until it is stopped', async () => {
    const broker = createBroker()
    const stop$ = new Subject<unknown>()
    const printed: string[] = []
    const served$ = new Subject<string>()
    const isServed = firstValueFrom(served$)
    const file = save('unlock.json', document)
    const isSubscribed = firstValueFrom(broker.events$.pipe(filter(({ type }) => type === 'subscribed')))
    const ended = contractProgram(
      ['mock', file, '--seed', '7', '--fault', 'other=500', '--fault', '*=duplicate'],
      {
        print: (text) => {
          printed.push(text)
          if (text.endsWith('responded')) served$.next(text)
        },
        stop$,
        connect: () => broker.link(),
      },
    )
    await isSubscribed
    const response = await request(broker.link(), unlock, {
      params: { vin: 'car7' },
      value: { command: { id: 'a', doors: [] }, at: 1 as t.Int, note: undefined },
    })
    expect(unlock.response.encode(response)).toBeInstanceOf(Uint8Array)
    await isServed
    stop$.next(undefined)
    expect(await ended).toBe(0)
    expect(printed).toEqual([`mocking ${file} at mqtt://localhost`, 'vehicles/{vin}/unlock: responded'])
    await broker.close()
  })

  it.each<[readonly string[], string]>([
    [['exports'], 'the command exports is not known: use export, check, diff, generate or mock'],
    [['export'], 'export needs <module>: see --help'],
    [['diff', 'a'], 'diff needs <after>: see --help'],
    [['mock', 'a', 'b'], 'mock has too many arguments: see --help'],
    [['check', 'a', 'b', 'c'], 'check has too many arguments: see --help'],
    [['mock', 'a', '--seed', 'x'], '--seed is x: it must be a whole number'],
    [['mock', 'a', '--fault', 'unlock'], '--fault is unlock: it must be <operation>='],
    [['export', 'a', '--qos', '3'], '--qos is 3: it must be 0, 1 or 2'],
    [['export', 'a', '--titel', 'x'], "Unknown option '--titel'"],
  ])('rejects the arguments %j', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message)
  })

  it('rejects a file that is too large or not a document', async () => {
    await expect(run(['check', save('large.json', ' '.repeat(8_388_609))])).rejects.toThrow(
      'has 8388609 bytes',
    )
    await expect(run(['check', save('other.json', {})])).rejects.toThrow(
      'cannot read the document at #/asyncapi',
    )
  })
})
