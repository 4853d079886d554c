import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('home-assistant.py', import.meta.url))

describeForeign(['python3-paho-mqtt'], 'Home Assistant’s MQTT integration', () => {
  it.each([
    ['tcp', 'tcp'],
    ['websockets', 'ws'],
  ] as const)(
    'starts, discovers and controls 40 devices by paho’s MQTT 5 client over %s',
    async (transport, protocol) => {
      const broker = createBroker()
      const { port } = await broker.listen({ protocol })
      const python = foreignCommand('python3-paho-mqtt') ?? 'python3'
      const { stdout } = await run(python, [script, transport, String(port)])
      expect(JSON.parse(stdout)).toEqual({
        granted: [0],
        configs: 40,
        states: [
          ['OFF', true],
          ['online', true],
        ],
        births: ['online'],
        commanded: ['dev/switch_7/state', 'ON', false],
        lost: ['dev/switch_3/available', 'offline'],
        removed: ['homeassistant/switch/switch_5/config', 0, false],
        deaths: ['offline'],
        again: 39,
      })
      await broker.close()
    },
  )
})
