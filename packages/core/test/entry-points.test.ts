import * as core from '@antiphon/core'
import * as codec from '@antiphon/core/codec'
import * as delivery from '@antiphon/core/delivery'
import * as discovery from '@antiphon/core/discovery'
import * as events from '@antiphon/core/events'
import * as link from '@antiphon/core/link'
import * as operations from '@antiphon/core/operations'
import * as otel from '@antiphon/core/otel'
import * as presence from '@antiphon/core/presence'
import * as requestStreams from '@antiphon/core/request-streams'
import * as stickyGroups from '@antiphon/core/sticky-groups'
import * as topic from '@antiphon/core/topic'
import * as traced from '@antiphon/core/traced'
import { describe, expect, it } from 'vitest'

const valuesOf = (entry: object): readonly string[] => Object.keys(entry)

describe('the entry points of core', () => {
  it('exports at most 40 values to applications from @antiphon/core', () => {
    expect(valuesOf(core).length).toBeLessThanOrEqual(40)
  })

  it('exports each value from one entry point of core only', () => {
    const all = [
      core,
      codec,
      delivery,
      discovery,
      events,
      link,
      operations,
      otel,
      presence,
      requestStreams,
      stickyGroups,
      topic,
      traced,
    ].flatMap(valuesOf)
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual([])
  })
})
