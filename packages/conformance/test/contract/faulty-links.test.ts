import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'
import { faultyLinks } from './faulty-links.js'

describe('linkContract over faulty links', () => {
  it.each(Object.entries(faultyLinks))('rejects a link that %s', async (_, { detectedBy, middleware }) => {
    const { cases } = linkContract(virtualSetting({ middleware }))
    await expect(cases.find(({ name }) => name === detectedBy)?.run(), detectedBy).rejects.toThrow()
  })

  it('accepts a correct link', async () => {
    for (const { run } of linkContract(virtualSetting({ middleware: (link) => ({ ...link }) })).cases)
      await run()
  })
})
