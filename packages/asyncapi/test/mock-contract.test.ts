import { mock, toAsyncApi } from '@antiphon/asyncapi'
import { dataContract, virtualSetting, type ConformanceData } from '@antiphon/conformance'
import { endpoint, json } from '@antiphon/core'
import * as t from 'io-ts'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'

const file = createRequire(import.meta.url).resolve('@antiphon/conformance/data/exchange.json')
const data = JSON.parse(readFileSync(file, 'utf8')) as ConformanceData

describe('the exchange contract over a mock', () => {
  const { cases } = dataContract(data, virtualSetting(), {
    // A mock fails on demand, not by a request.
    lacks: ['failure'],
    serveOn: (link, topic) => {
      const lamp = endpoint({
        topic,
        request: json(t.type({ on: t.boolean })),
        response: json(t.type({ ok: t.literal(true) })),
      })
      return mock(toAsyncApi({ lamp }, { title: 'Lamp', version: '1.0.0' }), link)
    },
  })
  const ofResponder = cases.filter(({ subject }) => subject === 'responder')
  for (const { name, run } of ofResponder) it(name, run)

  it('runs all cases of a responder but the one that fails by a request', () => {
    expect(ofResponder).toHaveLength(data.responder.length - 1)
  })
})
