import { describe, it } from 'vitest'
import { embeddedSetting } from '../packages/broker/test/contract/embedded-setting.js'
import { linkContract } from '../packages/conformance/src/index.js'

// The contract as the tests of the broker run it, over the transports of `mqtt`: no foreign program is needed.
describe.each([
  ['over TCP', 5],
  ['over TCP', 4],
  ['over a WebSocket without MQTT.js', 5],
] as const)('linkContract %s, protocol version %d', (kind, protocolVersion) => {
  for (const { name, run } of linkContract(embeddedSetting(kind, protocolVersion)).cases) it(name, run)
})
