import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
// Beside `src` it finds the package's manifest, and the one dependency that cannot be in it; each worker has its own.
const folder = fromHere('../../.cache')
const name = `cli-${process.pid}`
const bundle = `${folder}/${name}.mjs`

/** Makes one file of the broker's command, so that starting it takes no longer than a broker takes; tells where it is. */
export async function bundleBroker(): Promise<string> {
  await bundlePrograms({ sources: { [name]: fromHere('../../src/cli.ts') }, folder })
  return bundle
}

/** Removes the file again. */
export async function removeBundle(): Promise<void> {
  await rm(bundle, { force: true })
}

/** A broker in a process of its own. */
export interface BrokerProcess {
  readonly port: number
  readonly pid: number
  /** Kills it at once and waits until it is dead. */
  readonly kill: () => Promise<void>
}

/** Starts the broker's command on a folder and waits until it listens; what it says on stderr is a failure. */
export async function startBroker(folder: string, port = 0): Promise<BrokerProcess> {
  const child: ChildProcess = spawn(process.execPath, [bundle, '--port', String(port), '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const died = once(child, 'exit')
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const [line] = (await Promise.race([once(lines, 'line'), died])) as [unknown]
  const found = typeof line === 'string' ? /listening on mqtt:.*:(\d+)/.exec(line)?.[1] : undefined
  if (found === undefined) throw new Error(`the broker did not start: ${String(line)}`)
  return {
    port: Number(found),
    pid: child.pid ?? NaN,
    kill: async () => {
      child.kill('SIGKILL')
      await died
    },
  }
}
