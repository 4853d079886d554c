import { linkContract, virtualSetting, type LinkContract } from '@antiphon/conformance'
import { describeForeign } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { mosquittoSetting } from './mosquitto-setting.js'

const namesOf = ({ cases }: LinkContract): readonly string[] => cases.map(({ name }) => name)

/** Returns the names of the cases over the virtual link, without those that `contract` cannot run. */
const virtualNamesFor = (contract: LinkContract, protocolVersion: 4 | 5): readonly string[] => {
  const unexamined = contract.unexamined.map(({ name }) => name)
  return namesOf(linkContract(virtualSetting({ protocolVersion }))).filter(
    (name) => !unexamined.includes(name),
  )
}

describeForeign(['mosquitto'], 'link contract over Mosquitto, MQTT 5', () => {
  const contract = linkContract(mosquittoSetting(5))
  for (const { name, run } of contract.cases) it(name, run)
  it('runs every case of the link contract over Mosquitto with MQTT 5 but the lowered Receive Maximum', () => {
    const lacking = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect(lacking).toEqual(['receive-maximum'])
  })
  it('runs the same link contract cases over Mosquitto as over the virtual link, MQTT 5', () => {
    expect(namesOf(contract)).toEqual(virtualNamesFor(contract, 5))
  })
})

describeForeign(['mosquitto'], 'link contract over Mosquitto, MQTT 3.1.1', () => {
  const contract = linkContract(mosquittoSetting(4))
  for (const { name, run } of contract.cases) it(name, run)
  it('skips only the link contract cases that MQTT 3.1.1 cannot run', () => {
    const lacking = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(lacking)].sort()).toEqual([
      'identifiers',
      'no-subscribers',
      'properties',
      'receive-maximum',
      'refuse-publish',
    ])
  })
  it('runs the same link contract cases over Mosquitto as over the virtual link, MQTT 3.1.1', () => {
    expect(namesOf(contract)).toEqual(virtualNamesFor(contract, 4))
  })
})
