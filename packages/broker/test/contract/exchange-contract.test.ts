import { exchangeContract, virtualSetting } from '@antiphon/conformance'
import { describe, expect, it } from 'vitest'
import { embeddedSetting } from './embedded-setting.js'

describe.each([
  ['in process', 5, []],
  ['in process', 4, ['no-subscribers', 'properties', 'refuse-publish']],
  ['by socket', 5, []],
] as const)(
  'the contract of the two verbs over the embedded broker, %s, protocol version %d',
  (way, version, lacking) => {
    const contract = exchangeContract(embeddedSetting(way, version))
    for (const { name, run } of contract.cases) it(name, run)
    it('is examined whole but for what the broker lacks', () => {
      const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
      expect([...new Set(abilities)].sort()).toEqual(lacking)
    })
    it('is the one kept over the virtual link, case by case', () => {
      const virtual = exchangeContract(virtualSetting({ protocolVersion: version }))
      expect(contract.cases.map(({ name }) => name)).toEqual(virtual.cases.map(({ name }) => name))
    })
  },
)
