import { linkContract, virtualSetting, type ContractCase } from '@antiphon/conformance'
import type { linkOver } from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { faultyCore } from './faulty-core.js'
import { linkMutants } from './link-mutants.js'

interface Core {
  readonly linkOver: typeof linkOver
}

/** The promises that links of this machinery must keep. */
function promisesOver({ linkOver: over }: Core): readonly ContractCase[] {
  return linkContract(virtualSetting({ over, latency: 1, limits: { receiveMaximum: 2 } })).cases
}

describe('the contract of a link', () => {
  it.each(Object.entries(linkMutants))('catches it when %s', async (_, mutant) => {
    const promise = promisesOver(await faultyCore<Core>(mutant)).find((one) => one.name === mutant.caughtBy)
    await expect(promise?.run(), mutant.caughtBy).rejects.toThrow()
  })

  it('finds nothing wrong with a faultless copy', async () => {
    for (const { run } of promisesOver(await faultyCore<Core>())) await run()
  })
})
