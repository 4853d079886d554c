import { linkContract, virtualSetting } from '@antiphon/conformance'
import { describe, expect, it } from 'vitest'
import { embeddedSetting } from './embedded-setting.js'
import type { Way } from './embedded-setting.js'

describe.each<[Way, 4 | 5]>([
  ['in process', 5],
  ['in process', 4],
  ['by socket', 5],
  ['by socket', 4],
])('the contract of a link to the embedded broker, %s, protocol version %s', (way, protocolVersion) => {
  const contract = linkContract(embeddedSetting(way, protocolVersion))
  for (const { name, run } of contract.cases) it(name, run)

  it('is examined whole but for what is not there', () => {
    const lacking = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    const missing =
      protocolVersion === 5 ? [] : ['identifiers', 'no-subscribers', 'properties', 'refuse-publish']
    expect([...new Set(lacking)].sort()).toEqual([...missing, 'send-malformed'])
  })

  it('is the one examined over the virtual link, case by case', () => {
    const unexamined = contract.unexamined.map(({ name }) => name)
    const virtual = linkContract(virtualSetting({ protocolVersion })).cases.map(({ name }) => name)
    expect(contract.cases.map(({ name }) => name)).toEqual(
      virtual.filter((name) => !unexamined.includes(name)),
    )
  })
})
