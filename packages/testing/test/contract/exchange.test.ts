import { describe, expect, it } from 'vitest'
import { exchangeContract, virtualSetting } from '../../src/index.js'

describe.each([
  ['at once', {}, []],
  ['with a latency of its own each way', { latency: { up: 3, down: 5 } }, []],
  ['with a small receive maximum', { limits: { receiveMaximum: 2 } }, []],
  ['with small packets', { limits: { maximumPacketSize: 200_000 } }, []],
  ['with a copy for each overlapping subscription', { overlap: 'each' }, []],
  ['on MQTT 3.1.1', { protocolVersion: 4 }, ['no-subscribers', 'properties', 'refuse-publish']],
] as const)('the contract of the two verbs over the virtual broker, %s', (_, options, lacking) => {
  const contract = exchangeContract(virtualSetting(options))
  for (const { name, run } of contract.cases) it(name, run)
  it('is examined whole but for what the broker lacks', () => {
    const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(abilities)].sort()).toEqual(lacking)
  })
})
