import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Mutant } from './mutant.js'

const core = fileURLToPath(new URL('../../../core', import.meta.url))

/** Copies of core, made for one test file. */
export interface CopiesOfCore {
  /** A module of a copy that has this fault, or none. */
  readonly grow: <Module>(name: string, mutant: Mutant | undefined, module: string) => Promise<Module>
  readonly clear: () => Promise<void>
}

/**
 * Copies of core with faults in them, within core's package, so that they find what core depends on. Their errors are
 * the very class of core's, so that they are known for what they are.
 */
export function copiesOfCore(folder: string): CopiesOfCore {
  const place = join(core, '.cache', 'mutants', folder)
  return {
    grow: async <Module>(name: string, mutant: Mutant | undefined, module: string) => {
      const copy = join(place, name.replaceAll(/\W+/g, '-'))
      await cp(join(core, 'src'), copy, { recursive: true })
      const errors = JSON.stringify(join(core, 'src', 'errors.js'))
      await writeFile(join(copy, 'errors.ts'), `export * from ${errors}\n`)
      if (mutant !== undefined) await mutate(copy, mutant)
      return (await import(join(copy, module))) as Module
    },
    clear: () => rm(place, { recursive: true, force: true }),
  }
}

async function mutate(copy: string, { file, text, becomes }: Mutant): Promise<void> {
  const source = await readFile(join(copy, file), 'utf8')
  expect(source.split(text), `core's ${file} has changed: write this fault anew`).toHaveLength(2)
  await writeFile(
    join(copy, file),
    source.replace(text, () => becomes),
  )
}
