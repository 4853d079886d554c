import * as core from '@antiphon/core'
import { afterAll, describe, expect, it } from 'vitest'
import { exchangeMutants } from './exchange-mutants.js'
import { copiesOfCore } from './copies-of-core.js'
import { scenes, type Core } from './scenes.js'

const { grow, clear } = copiesOfCore('exchange')

/** The marble tests that fail over this core. */
function failing(tested: Core): readonly string[] {
  return Object.entries(scenes).flatMap(([name, scene]) => {
    try {
      scene(tested)()
      return []
    } catch {
      return [name]
    }
  })
}

describe('asking and answering, in marbles', () => {
  afterAll(clear)

  it.each(Object.entries(scenes))('%s', (_, scene) => scene(core)())

  it.each(Object.entries(exchangeMutants))('a test fails when %s', async (name, mutant) => {
    expect(failing(await grow<Core>(name, mutant, 'index.ts'))).not.toEqual([])
  })

  it('no test fails over a faultless copy', async () => {
    expect(failing(await grow<Core>('faultless', undefined, 'index.ts'))).toEqual([])
  })
})
