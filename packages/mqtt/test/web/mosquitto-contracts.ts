import { exchangeContract, linkContract, virtualSetting, type LinkContract } from '@antiphon/conformance'
import { expect, it } from 'vitest'
import { mosquittoSetting } from '../contract/mosquitto-setting.js'

const namesOf = ({ cases }: LinkContract): readonly string[] => cases.map(({ name }) => name)
const lacking = ({ unexamined }: LinkContract): readonly string[] =>
  [...new Set(unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability)))].sort()

/** What a setting lacks for the contracts of links and of exchanges. */
export interface Lacks {
  readonly link: readonly string[]
  readonly exchange: readonly string[]
}

/** Registers the contracts over the WebSockets of Mosquitto, and a test that all cases run but those that need what it lacks. */
export function registerContracts(protocolVersion: 4 | 5, lacks: Lacks): void {
  const link = linkContract(mosquittoSetting(protocolVersion, 'WebSocket'))
  const exchange = exchangeContract(mosquittoSetting(protocolVersion, 'WebSocket'))
  for (const { name, run } of [...link.cases, ...exchange.cases]) it(name, run)

  it(`runs every case that protocol version ${protocolVersion} allows`, () => {
    expect([lacking(link), lacking(exchange)]).toEqual([lacks.link, lacks.exchange])
    const unexamined = link.unexamined.map(({ name }) => name)
    const virtual = namesOf(linkContract(virtualSetting({ protocolVersion })))
    expect(namesOf(link)).toEqual(virtual.filter((name) => !unexamined.includes(name)))
    expect(namesOf(exchange)).toEqual(namesOf(exchangeContract(virtualSetting({ protocolVersion }))))
  })
}
