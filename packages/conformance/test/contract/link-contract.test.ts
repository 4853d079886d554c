import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'

describe.each([
  ['without latency', {}, []],
  ['with a different latency for each direction', { latency: { up: 3, down: 5 } }, []],
  ['with a copy for each overlapping subscription', { overlap: 'each' }, []],
  ['with a small Receive Maximum', { limits: { receiveMaximum: 2 } }, []],
  ['without Subscription Identifiers', { limits: { subscriptionIdentifiers: false } }, ['identifiers']],
  [
    'with a copy for each overlapping subscription and without Subscription Identifiers',
    { overlap: 'each', limits: { subscriptionIdentifiers: false } },
    ['identifiers', 'overlap'],
  ],
  [
    'on MQTT 3.1.1',
    { protocolVersion: 4 },
    ['identifiers', 'no-subscribers', 'properties', 'receive-maximum', 'refuse-publish'],
  ],
] as const)('linkContract over the virtual broker, %s', (_, options, lackedAbilities) => {
  const contract = linkContract(virtualSetting(options))
  for (const { name, run } of contract.cases) it(name, run)
  it('runs every case whose abilities the broker has', () => {
    const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(abilities)].sort()).toEqual(lackedAbilities)
  })
})
