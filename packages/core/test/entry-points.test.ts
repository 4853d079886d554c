import * as core from '@antiphon/core'
import * as codec from '@antiphon/core/codec'
import * as link from '@antiphon/core/link'
import * as topic from '@antiphon/core/topic'
import * as traced from '@antiphon/core/traced'
import { describe, expect, it } from 'vitest'

const valuesOf = (entry: object): readonly string[] => Object.keys(entry)

describe('the entry points of core', () => {
  it('export at most 40 values to applications', () => {
    expect(valuesOf(core).length).toBeLessThanOrEqual(40)
  })

  it('export each value from one entry point only', () => {
    const all = [core, codec, link, topic, traced].flatMap(valuesOf)
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([])
  })
})
