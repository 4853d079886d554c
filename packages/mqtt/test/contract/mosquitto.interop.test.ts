import { linkContract, virtualSetting, type LinkContract } from '@antiphon/conformance'
import { describeForeign } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { mosquittoSetting } from './mosquitto-setting.js'

const namesOf = ({ cases }: LinkContract): readonly string[] => cases.map(({ name }) => name)

describeForeign(['mosquitto'], 'the contract of a link over Mosquitto, MQTT 5', () => {
  const contract = linkContract(mosquittoSetting(5))
  for (const { name, run } of contract.cases) it(name, run)
  it('is examined whole', () => expect(contract.unexamined).toEqual([]))
  it('is the one examined over the virtual link, case by case', () => {
    expect(namesOf(contract)).toEqual(namesOf(linkContract(virtualSetting())))
  })
})

describeForeign(['mosquitto'], 'the contract of a link over Mosquitto, MQTT 3.1.1', () => {
  const contract = linkContract(mosquittoSetting(4))
  for (const { name, run } of contract.cases) it(name, run)
  it('is examined whole but for what 3.1.1 lacks', () => {
    const lacking = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    expect([...new Set(lacking)].sort()).toEqual([
      'identifiers',
      'no-subscribers',
      'properties',
      'refuse-publish',
    ])
  })
  it('is the one examined over the virtual link, case by case', () => {
    expect(namesOf(contract)).toEqual(namesOf(linkContract(virtualSetting({ protocolVersion: 4 }))))
  })
})
