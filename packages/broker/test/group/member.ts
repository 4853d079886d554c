import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundlePrograms } from '@antiphon/workshop/bundle'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const folder = fromHere('../../node_modules/.cache/antiphon')
// Each worker has a file of its own: one must not rewrite what another is starting.
const name = `responder-${process.pid}`
const bundle = `${folder}/${name}.mjs`

/** Makes one file of the responder, so that starting it takes no longer than a responder takes. */
export async function bundleResponder(): Promise<void> {
  await bundlePrograms({ sources: { [name]: fromHere('responder.ts') }, folder })
}

/** Removes the file again. */
export async function removeResponder(): Promise<void> {
  await rm(bundle, { force: true })
}

/** A member of the group in a process of its own. */
export interface Member {
  /** The requests whose handling it began, as often as it did. */
  readonly began: readonly string[]
  /** The requests it carried out, as often as it did. */
  readonly did: readonly string[]
  /** Why it did not take up requests that came to it: they were in its hand already. */
  readonly again: readonly string[]
  /** Lets it carry out what it has in hand and what comes. */
  readonly go: () => void
  /** Kills it at once and waits until it is dead. */
  readonly kill: () => Promise<void>
}

/** Starts a member and waits until it is subscribed; `onChange` hears whenever it has told something. */
export async function startMember(url: string, clientId: string, onChange: () => void): Promise<Member> {
  const child = spawn(process.execPath, [bundle, url, clientId], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const told = { began: [] as string[], did: [] as string[], again: [] as string[], ready: [] as string[] }
  const lines = createInterface({ input: child.stdout })
  const isReady = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      const [what = '', value = ''] = line.split(' ')
      told[what as keyof typeof told].push(value)
      if (what === 'ready') resolve()
      onChange()
    })
  })
  const isDead = exited.then(() => {
    throw new Error(`${clientId} ended before it was ready`)
  })
  isDead.catch(() => undefined)
  await Promise.race([isReady, isDead])
  return {
    began: told.began,
    did: told.did,
    again: told.again,
    go: () => child.stdin.write('go\n'),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
