import { cpuUsage } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exchangeContract, virtualSetting } from '../../src/index.js'

const settings = [
  ['without latency', {}, []],
  ['with a different latency for each direction', { latency: { up: 3, down: 5 } }, []],
  ['with a small Receive Maximum', { limits: { receiveMaximum: 2 } }, []],
  ['with a small Maximum Packet Size', { limits: { maximumPacketSize: 200_000 } }, []],
  ['on MQTT 3.1.1', { protocolVersion: 4 }, ['no-subscribers', 'properties', 'refuse-publish']],
] as const

describe('exchangeContract over the virtual broker', () => {
  let start: NodeJS.CpuUsage
  let cases = 0
  beforeAll(() => {
    start = cpuUsage()
  })

  describe.each(settings)('%s', (_, options, lackedAbilities) => {
    const contract = exchangeContract(virtualSetting(options))
    for (const { name, run } of contract.cases) it(name, run)
    it('runs every case whose abilities the broker has', () => {
      const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
      expect([...new Set(abilities)].sort()).toEqual(lackedAbilities)
    })
    afterAll(() => {
      cases += contract.cases.length
    })
  })

  // CPU time, because wall-clock time includes other processes. It grows as well on a busy machine, whose caches are shared.
  it('runs every 300 cases in less than 10 s of CPU time', () => {
    const { user, system } = cpuUsage(start)
    expect(cases).toBeGreaterThan(300)
    expect((user + system) / 1e6 / cases).toBeLessThan(10 / 300)
  })
})
