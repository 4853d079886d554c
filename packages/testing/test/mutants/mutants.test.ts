import type { linkOver } from '@antiphon/core'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'
import { mutants, type Mutant } from './mutants.js'

const core = fileURLToPath(new URL('../../../core/src', import.meta.url))
const folder = fileURLToPath(new URL('../../.cache/mutants', import.meta.url))

/** A copy of core with the fault in it, whose errors are the very class of core's, so that they are known for what they are. */
async function grown(name: string, { file, text, becomes }: Mutant): Promise<typeof linkOver> {
  const place = join(folder, name.replaceAll(/\W+/g, '-'))
  await cp(core, place, { recursive: true })
  await writeFile(join(place, 'errors.ts'), `export * from ${JSON.stringify(join(core, 'errors.js'))}\n`)
  const source = await readFile(join(place, file), 'utf8')
  expect(source.split(text), `core's ${file} has changed: write this fault anew`).toHaveLength(2)
  await writeFile(
    join(place, file),
    source.replace(text, () => becomes),
  )
  const module = (await import(join(place, 'link', 'link-over.ts'))) as { linkOver: typeof linkOver }
  return module.linkOver
}

/** The first promise that is broken by links of this machinery. */
async function brokenBy(over: typeof linkOver): Promise<string | undefined> {
  const setting = virtualSetting({ over, latency: 1, limits: { receiveMaximum: 2 } })
  for (const { name, run } of linkContract(setting).cases) {
    const isKept = await run().then(
      () => true,
      () => false,
    )
    if (!isKept) return name
  }
  return undefined
}

describe('the contract of a link', () => {
  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true })
    await mkdir(dirname(folder), { recursive: true })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(Object.entries(mutants))('catches it when %s', async (name, mutant) => {
    expect(await brokenBy(await grown(name, mutant))).toBeDefined()
  })

  it('finds nothing wrong with a faultless copy', async () => {
    const faultless = {
      file: 'link/link-over.ts',
      text: 'incidents.complete()',
      becomes: 'incidents.complete()',
    }
    expect(await brokenBy(await grown('faultless', faultless))).toBeUndefined()
  })
})
