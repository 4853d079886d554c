import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folder = fromHere('../../node_modules/.cache/antiphon')
// One file per test worker, so that no worker rewrites a program that another one is starting.
const name = `responder-${process.pid}`
const bundle = `${folder}/${name}.mjs`

/** Bundles the responder into one file, so that it starts fast. */
export async function bundleResponder(): Promise<void> {
  await bundlePrograms({ sources: { [name]: fromHere('responder.ts') }, folder })
}

/** Removes the bundle. */
export async function removeResponder(): Promise<void> {
  await rm(bundle, { force: true })
}

/** A member of the group in its own process. */
export interface Member {
  /** The requests whose handler it started, once per start. */
  readonly started: readonly string[]
  /** The requests whose handler completed, once per completion. */
  readonly completed: readonly string[]
  /** The reasons of the requests it ignored, because their first delivery is still pending. */
  readonly ignored: readonly string[]
  /** Lets pending and later handlers complete. */
  readonly proceed: () => void
  /** Kills the process and waits until it has exited. */
  readonly kill: () => Promise<void>
}

/** Starts a member and waits until it is subscribed; calls `onChange` for each line that it prints. */
export async function startMember(url: string, clientId: string, onChange: () => void): Promise<Member> {
  const child = spawn(process.execPath, [bundle, url, clientId], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const reported = {
    started: [] as string[],
    completed: [] as string[],
    ignored: [] as string[],
    ready: [] as string[],
  }
  const lines = createInterface({ input: child.stdout })
  const isReady = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [kind = '', value = ''] = line.split(' ')
      reported[kind as keyof typeof reported].push(value)
      if (kind === 'ready') resolve()
      onChange()
    })
  })
  const hasExited = exited.then(() => {
    throw new Error(`the responder ${clientId} exited before it subscribed`)
  })
  hasExited.catch(() => undefined)
  await Promise.race([isReady, hasExited])
  return {
    started: reported.started,
    completed: reported.completed,
    ignored: reported.ignored,
    proceed: () => child.stdin.write('proceed\n'),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
