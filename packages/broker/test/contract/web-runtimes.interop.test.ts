import { exchangeContract, linkContract, virtualSetting } from '@antiphon/conformance'
import { describeForeign, foreignCommand, type ForeignProgram } from '@antiphon/workshop'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startContractServer, type ContractServer } from './contract-server.js'

/** How a program runs the contracts: its arguments, for a page or for a file with the script. */
type Arguments = (server: ContractServer, file: string, folder: string) => readonly string[]

const runtimes: readonly (readonly [name: string, program: ForeignProgram, toArguments: Arguments])[] = [
  [
    'Chromium',
    'chromium',
    ({ url }, _, folder) => [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...[`--user-data-dir=${folder}`, '--remote-debugging-port=0', url],
    ],
  ],
  ['Deno', 'deno', (_, file) => ['run', '--allow-net', file]],
  ['Bun', 'bun', (_, file) => ['run', file]],
]

for (const [name, program, toArguments] of runtimes) {
  describeForeign([program], `contracts over the WebSocket of ${name}`, () => {
    it(`passes every case of the contracts over the WebSocket of ${name}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'antiphon-runtime-'))
      const server = await startContractServer()
      const file = join(folder, 'runner.mjs')
      await writeFile(file, server.script)
      const runtime = spawn(foreignCommand(program) ?? '', toArguments(server, file, folder), {
        stdio: 'ignore',
      })
      const exited = once(runtime, 'exit')
      try {
        const results = await Promise.race([
          server.results,
          exited.then(() => Promise.reject(new Error(`${name} ended before it reported its results`))),
        ])
        expect(results.filter(([, failure]) => failure !== null)).toEqual([])
        const virtual = [linkContract(virtualSetting()), exchangeContract(virtualSetting())]
        const names = virtual.flatMap(({ cases }) => cases).map((known) => known.name)
        const missing = names.filter((known) => !results.some(([reported]) => reported === known))
        // The embedded broker sends no malformed packets.
        expect(missing).toEqual(namesThatNeedMalformed())
      } finally {
        runtime.kill('SIGKILL')
        await exited
        await server.close()
        await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    }, 600_000)
  })
}

function namesThatNeedMalformed(): readonly string[] {
  const { makeWorld, abilities } = virtualSetting()
  const setting = { makeWorld, abilities: { ...abilities, 'send-malformed': 'not sent' } }
  return linkContract(setting).unexamined.map(({ name }) => name)
}
