import { cpuUsage } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeContract, virtualSetting } from '../../src/index.js'

const settings = [
  ['at once', {}, []],
  ['with a latency of its own each way', { latency: { up: 3, down: 5 } }, []],
  ['with a small receive maximum', { limits: { receiveMaximum: 2 } }, []],
  ['with small packets', { limits: { maximumPacketSize: 200_000 } }, []],
  ['on MQTT 3.1.1', { protocolVersion: 4 }, ['no-subscribers', 'properties', 'refuse-publish']],
] as const

describe('the contract of the two verbs over the virtual broker', () => {
  let begun: NodeJS.CpuUsage
  let cases = 0
  beforeAll(() => {
    begun = cpuUsage()
  })

  describe.each(settings)('%s', (_, options, lacking) => {
    const contract = exchangeContract(virtualSetting(options))
    for (const { name, run } of contract.cases) it(name, run)
    it('is examined whole but for what the broker lacks', () => {
      const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
      expect([...new Set(abilities)].sort()).toEqual(lacking)
    })
    afterAll(() => {
      cases += contract.cases.length
    })
  })

  // Processor time: the clock on the wall also goes while other programs run.
  it('is done in seconds, for more than 300 cases', () => {
    const { user, system } = cpuUsage(begun)
    expect(cases).toBeGreaterThan(300)
    expect((user + system) / 1e6).toBeLessThan(10)
  })
})
