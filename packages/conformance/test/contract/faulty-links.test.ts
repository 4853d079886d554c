import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'
import { faultyLinks } from './faulty-links.js'

describe('the contract of a link', () => {
  it.each(Object.entries(faultyLinks))('is broken where %s', async (_, { caughtBy, middleware }) => {
    const { cases } = linkContract(virtualSetting({ middleware }))
    await expect(cases.find(({ name }) => name === caughtBy)?.run(), caughtBy).rejects.toThrow()
  })

  it('is kept by a link that does nothing wrong', async () => {
    for (const { run } of linkContract(virtualSetting({ middleware: (link) => ({ ...link }) })).cases)
      await run()
  })
})
