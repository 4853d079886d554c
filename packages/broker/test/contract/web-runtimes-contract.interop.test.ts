import { exchangeContract, linkContract, virtualSetting } from '@antiphon/conformance'
import { describeForeign, foreignCommand, type ForeignProgram } from '@antiphon/workshop'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startContractServer } from './contract-server.js'

/** Returns the arguments with which a program runs a page at `url`, or one of the files in `folder`. */
type ToArguments = (url: string, folder: string) => readonly string[]

const runtimes: readonly (readonly [name: string, program: ForeignProgram, toArguments: ToArguments])[] = [
  [
    'Chromium',
    'chromium',
    (url, folder) => [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...[`--user-data-dir=${folder}`, '--remote-debugging-port=0', url],
    ],
  ],
  ['Deno', 'deno', (_, folder) => ['run', '--allow-net', join(folder, 'main.mjs')]],
  ['Bun', 'bun', (_, folder) => ['run', join(folder, 'main.mjs')]],
  ['workerd', 'workerd', (_, folder) => ['test', '--experimental', join(folder, 'workerd.capnp')]],
]

/** The configuration of workerd: one worker, which may connect to this machine. */
const workerdConfiguration = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .runner), (name = "outbound", network = (allow = ["local", "private"]))],
);
const runner :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "runner.mjs", esModule = embed "runner.mjs"),
  ],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = ["experimental"],
  globalOutbound = "outbound",
);
`

async function writeFiles(folder: string, script: string): Promise<void> {
  const importRunner = `import { runContracts } from './runner.mjs'\n`
  await Promise.all([
    writeFile(join(folder, 'runner.mjs'), script),
    writeFile(join(folder, 'main.mjs'), `${importRunner}await runContracts()\n`),
    writeFile(join(folder, 'worker.mjs'), `${importRunner}export default { test: () => runContracts() }\n`),
    writeFile(join(folder, 'workerd.capnp'), workerdConfiguration),
  ])
}

for (const [name, program, toArguments] of runtimes) {
  describeForeign([program], `contracts over the WebSocket of ${name}`, () => {
    it(`passes every case of the contracts over the WebSocket of ${name}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'antiphon-runtime-'))
      const server = await startContractServer()
      await writeFiles(folder, server.script)
      // A process group, because some programs are started by a script, which would leave them behind.
      const runtime = spawn(foreignCommand(program) ?? '', toArguments(server.url, folder), {
        stdio: 'ignore',
        detached: true,
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
        killGroup(runtime.pid)
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

/** Ends a process and those that it has started; they may have ended by themselves. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
