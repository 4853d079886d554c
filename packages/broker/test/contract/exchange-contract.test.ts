import { exchangeContract, virtualSetting } from '@antiphon/conformance'
import { describe, expect, it } from 'vitest'
import { embeddedSetting } from './embedded-setting.js'

describe.each([
  ['in process', 5, []],
  ['in process', 4, ['no-subscribers', 'properties', 'refuse-publish']],
  ['over TCP', 5, []],
  ['over a WebSocket without MQTT.js', 5, []],
  ['over a WebSocket without MQTT.js', 4, ['no-subscribers', 'properties', 'refuse-publish']],
] as const)(
  'exchange contract over the embedded broker, %s, protocol version %d',
  (linkKind, version, missing) => {
    const contract = exchangeContract(embeddedSetting(linkKind, version))
    for (const { name, run } of contract.cases) it(name, run)
    it('runs every case of the exchange contract that the broker’s abilities allow', () => {
      const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
      expect([...new Set(abilities)].sort()).toEqual(missing)
    })
    it('runs the same cases of the exchange contract as over the virtual link', () => {
      const virtual = exchangeContract(virtualSetting({ protocolVersion: version }))
      expect(contract.cases.map(({ name }) => name)).toEqual(virtual.cases.map(({ name }) => name))
    })
  },
)
