import { linkContract, virtualSetting } from '@antiphon/conformance'
import { describe, expect, it } from 'vitest'
import { embeddedSetting } from './embedded-setting.js'
import type { LinkKind } from './embedded-setting.js'

describe.each<[LinkKind, 4 | 5]>([
  ['in process', 5],
  ['in process', 4],
  ['over TCP', 5],
  ['over TCP', 4],
  ['over a WebSocket without MQTT.js', 5],
  ['over a WebSocket without MQTT.js', 4],
])('link contract over the embedded broker, %s, protocol version %s', (linkKind, protocolVersion) => {
  const contract = linkContract(embeddedSetting(linkKind, protocolVersion))
  for (const { name, run } of contract.cases) it(name, run)

  it('runs every case of the link contract that the broker’s abilities allow', () => {
    const abilities = contract.unexamined.flatMap(({ lacks }) => lacks.map(({ ability }) => ability))
    const missing =
      protocolVersion === 5
        ? []
        : ['identifiers', 'no-subscribers', 'properties', 'receive-maximum', 'refuse-publish']
    expect([...new Set(abilities)].sort()).toEqual([...missing, 'send-malformed'])
  })

  it('runs the same cases of the link contract as over the virtual link', () => {
    const unexamined = contract.unexamined.map(({ name }) => name)
    const virtual = linkContract(virtualSetting({ protocolVersion })).cases.map(({ name }) => name)
    expect(contract.cases.map(({ name }) => name)).toEqual(
      virtual.filter((name) => !unexamined.includes(name)),
    )
  })
})
