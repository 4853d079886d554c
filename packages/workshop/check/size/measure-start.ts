import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inRoot } from '../workspace.js'
import type { StartBudget } from './budgets.js'

/** The JavaScript that a command loads before it does its work. */
export interface StartSize {
  readonly bytes: number
  readonly files: number
}

/** Bundles a command, and returns the size of what it loads: its entry and the parts that it imports by name, with all that these import. */
export async function measureStart({ bundler, entry, parts }: StartBudget): Promise<StartSize> {
  const folder = await mkdtemp(join(tmpdir(), 'antiphon-size-'))
  try {
    await promisify(execFile)(process.execPath, [inRoot(bundler), folder])
    const chunks = await readdir(join(folder, 'bundle'))
    const loaded = new Map<string, number>()
    await load(join(folder, entry), loaded)
    for (const part of parts) {
      const chunk = chunks.find((file) => file.startsWith(`${part}-`))
      if (chunk === undefined) throw new Error(`the bundle of ${bundler} has no part ${part}`)
      await load(join(folder, 'bundle', chunk), loaded)
    }
    const sizes = [...loaded.values()]
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: sizes.length }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Adds a file, and all files that it imports statically. */
async function load(file: string, loaded: Map<string, number>): Promise<void> {
  if (loaded.has(file)) return
  const text = await readFile(file, 'utf8')
  loaded.set(file, Buffer.byteLength(text))
  for (const [, path = ''] of text.matchAll(/(?:from|import) "(\.[^"]+)";/g))
    await load(join(dirname(file), path), loaded)
}
