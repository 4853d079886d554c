import * as core from '@antiphon/core'
import * as link from '@antiphon/core/link'
import { describe, expect, it } from 'vitest'
import { exchangeMutants } from './exchange-mutants.js'
import { faultyCore } from './faulty-core.js'
import { linkMutants } from './link-mutants.js'
import { scenes, type Core } from './scenes.js'

/** Every fault, by its name, with the marble test that fails over it. */
const caught = [
  ...Object.entries(exchangeMutants).map(([name, mutant]) => [name, mutant, mutant.caughtBy] as const),
  ...Object.entries(linkMutants).flatMap(([name, mutant]) =>
    mutant.alsoIn === undefined ? [] : [[name, mutant, mutant.alsoIn] as const],
  ),
]

describe('asking and answering, in marbles', () => {
  it.each(Object.entries(scenes))('%s', (_, scene) => scene({ ...core, ...link })())

  it.each(caught)('a test fails when %s', async (_, mutant, scene) => {
    const faulty = await faultyCore<Core>(mutant)
    expect(() => scenes[scene]?.(faulty)(), scene).toThrow()
  })

  it('fails for more than twenty of them', () => expect(caught.length).toBeGreaterThan(20))

  it('no test fails over a faultless copy', async () => {
    const faultless = await faultyCore<Core>()
    for (const scene of Object.values(scenes)) scene(faultless)()
  })
})
