import { describe, it } from 'vitest'
import { exchangeContract, linkContract, virtualSetting } from '../packages/conformance/src/index.js'

// The contracts as the tests of conformance run them, but only over brokers that make the core take another path: each
// surviving mutant runs them once.

describe.each([
  ['MQTT 5', {}],
  ['MQTT 3.1.1', { protocolVersion: 4 }],
] as const)('exchangeContract over %s', (_, options) => {
  for (const { name, run } of exchangeContract(virtualSetting(options)).cases) it(name, run)
})

describe.each([
  ['MQTT 5', {}],
  ['MQTT 3.1.1', { protocolVersion: 4 }],
  ['a small Receive Maximum', { limits: { receiveMaximum: 2 } }],
  ['a copy for each subscription', { overlap: 'each', limits: { subscriptionIdentifiers: false } }],
] as const)('linkContract over %s', (_, options) => {
  for (const { name, run } of linkContract(virtualSetting(options)).cases) it(name, run)
})
