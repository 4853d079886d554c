import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
// Beside `src`, the bundle finds the package's manifest and the dependency that cannot be bundled. One file per worker.
const folder = fromHere('../../.cache')
const name = `cli-${process.pid}`
const bundle = `${folder}/${name}.mjs`

/** Bundles the broker's command into one file, so that it starts fast, and returns the path. */
export async function bundleBroker(): Promise<string> {
  await bundlePrograms({ sources: { [name]: fromHere('../../src/cli.ts') }, folder })
  return bundle
}

/** Removes the bundle. */
export async function removeBrokerBundle(): Promise<void> {
  await rm(bundle, { force: true })
}

/** A broker in its own process. */
export interface BrokerProcess {
  readonly port: number
  readonly pid: number
  /** Kills the process and waits until it has exited. */
  readonly kill: () => Promise<void>
}

/** Starts the broker's command on a folder and waits until it listens; its stderr is that of the test. */
export async function startBroker(folder: string, port = 0): Promise<BrokerProcess> {
  const child: ChildProcess = spawn(process.execPath, [bundle, '--port', String(port), '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [unknown]
  const listeningPort = typeof line === 'string' ? /listening on mqtt:.*:(\d+)/.exec(line)?.[1] : undefined
  if (listeningPort === undefined)
    throw new Error(`cannot start the broker: its first line is ${String(line)}`)
  return {
    port: Number(listeningPort),
    pid: child.pid ?? NaN,
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
