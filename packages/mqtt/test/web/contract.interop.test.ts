import { exchangeContract, linkContract, virtualSetting, type LinkContract } from '@antiphon/conformance'
import { describeForeign } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { mosquittoSetting } from '../contract/mosquitto-setting.js'

const namesOf = ({ cases }: LinkContract): readonly string[] => cases.map(({ name }) => name)
const lacking = ({ unexamined }: LinkContract): readonly string[] =>
  [...new Set(unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability)))].sort()

const settings = [
  [5, ['receive-maximum'], []],
  [
    4,
    ['identifiers', 'no-subscribers', 'properties', 'receive-maximum', 'refuse-publish'],
    ['no-subscribers', 'properties', 'refuse-publish'],
  ],
] as const

for (const [protocolVersion, linkLacks, exchangeLacks] of settings) {
  const where = `over the WebSockets of Mosquitto without MQTT.js, protocol version ${protocolVersion}`
  describeForeign(['mosquitto'], `contracts ${where}`, () => {
    const link = linkContract(mosquittoSetting(protocolVersion, 'WebSocket'))
    const exchange = exchangeContract(mosquittoSetting(protocolVersion, 'WebSocket'))
    for (const { name, run } of [...link.cases, ...exchange.cases]) it(name, run)

    it(`runs every case of the contracts that the protocol allows ${where}`, () => {
      expect([lacking(link), lacking(exchange)]).toEqual([linkLacks, exchangeLacks])
      const unexamined = link.unexamined.map(({ name }) => name)
      const virtual = namesOf(linkContract(virtualSetting({ protocolVersion })))
      expect(namesOf(link)).toEqual(virtual.filter((name) => !unexamined.includes(name)))
      expect(namesOf(exchange)).toEqual(namesOf(exchangeContract(virtualSetting({ protocolVersion }))))
    })
  })
}
