import type { linkOver } from '@antiphon/core'
import { afterAll, describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'
import { copiesOfCore } from './copies-of-core.js'
import type { Mutant } from './mutant.js'
import { mutants } from './mutants.js'

const { grow, clear } = copiesOfCore('link')

/** The link machinery of a copy of core that has this fault, or none. */
async function grown(name: string, mutant?: Mutant): Promise<typeof linkOver> {
  const module = await grow<{ linkOver: typeof linkOver }>(name, mutant, 'link/link-over.ts')
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
  afterAll(clear)

  it.each(Object.entries(mutants))('catches it when %s', async (name, mutant) => {
    expect(await brokenBy(await grown(name, mutant))).toBeDefined()
  })

  it('finds nothing wrong with a faultless copy', async () => {
    expect(await brokenBy(await grown('faultless'))).toBeUndefined()
  })
})
