import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readHub } from '../src/cli/hub-file.js'
import { hubProgram } from '../src/cli/program.js'
import { NEVER } from 'rxjs'

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'antiphon-hub-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const run = (...args: readonly string[]): Promise<void> =>
  hubProgram([...args, '-n', 'hub', '--directory', folder], {
    print: () => undefined,
    printError: () => undefined,
    stop$: NEVER,
  })
const file = (): string => join(folder, 'hub.hub.json')

describe('the file of a hub', () => {
  it('keeps all of 8 updates by 8 processes at once', { timeout: 120_000 }, async () => {
    await run('create')
    const names = Array.from({ length: 8 }, (_, index) => `device-${index}`)
    await Promise.all(
      names.map((name) => {
        const args = ['--import', 'tsx', cli, 'device-identity', 'create', '-d', name]
        return promisify(execFile)(process.execPath, [...args, '-n', 'hub', '--directory', folder])
      }),
    )
    const { devices } = await readHub(file())
    expect(devices.map(({ deviceId }) => deviceId).sort()).toEqual(names)
    expect(existsSync(`${file()}.lock`)).toBe(false)
  })

  it('takes the lock of a process that has died', async () => {
    await run('create')
    await writeFile(`${file()}.lock`, '2147483646')
    await run('device-identity', 'create', '-d', 'a')
    expect((await readHub(file())).devices).toHaveLength(1)
  })

  it.each(['', '{', '[]', '{"hostName":"h","devices":[{}],"topicSpaces":[]}'])(
    'is refused when it is spoiled (%j), with its previous state beside it',
    async (spoiled) => {
      await run('create')
      await run('device-identity', 'create', '-d', 'a')
      await run('device-identity', 'create', '-d', 'b')
      await writeFile(file(), spoiled)
      await expect(run('device-identity', 'create', '-d', 'c')).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(`restore it from ${file()}~`) as string,
      })
      expect(await readFile(file(), 'utf8')).toBe(spoiled)
      expect((await readHub(`${file()}~`)).devices.map(({ deviceId }) => deviceId)).toEqual(['a'])
    },
  )
})
