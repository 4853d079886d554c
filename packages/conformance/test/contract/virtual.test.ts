import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'

describe.each([
  ['at once', {}, []],
  ['with a latency of its own each way', { latency: { up: 3, down: 5 } }, []],
  ['with a copy for each overlapping subscription', { overlap: 'each' }, []],
  ['with a small receive maximum', { limits: { receiveMaximum: 2 } }, []],
  ['without subscription identifiers', { limits: { subscriptionIdentifiers: false } }, ['identifiers']],
  [
    'with a copy each and no identifiers',
    { overlap: 'each', limits: { subscriptionIdentifiers: false } },
    ['identifiers', 'overlap'],
  ],
  [
    'on MQTT 3.1.1',
    { protocolVersion: 4 },
    ['identifiers', 'no-subscribers', 'properties', 'refuse-publish'],
  ],
] as const)('the contract of a link over the virtual broker, %s', (_, options, lacking) => {
  const contract = linkContract(virtualSetting(options))
  for (const { name, run } of contract.cases) it(name, run)
  it('is examined whole but for what the broker lacks', () => {
    const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(abilities)].sort()).toEqual(lacking)
  })
})
