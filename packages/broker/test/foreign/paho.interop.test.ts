import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describeForeign, foreignCommand } from '@antiphon/workshop'
import { expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('every-feature.py', import.meta.url))

describeForeign(['python3-paho-mqtt'], 'paho’s MQTT 5 client at the broker', () => {
  it.each([
    ['tcp', 'tcp'],
    ['websockets', 'ws'],
  ] as const)('serves every MQTT 5 feature of paho over %s', async (transport, protocol) => {
    const broker = createBroker()
    const { port } = await broker.listen({ protocol })
    const python = foreignCommand('python3-paho-mqtt') ?? 'python3'
    const { stdout } = await run(python, [script, transport, String(port)])
    expect(JSON.parse(stdout)).toEqual({
      assigned: true,
      reasonCodes: [2],
      qos: [0, 1, 2],
      properties: true,
      retained: [[true], [], []],
      noLocal: [0],
      afterNoLocal: 't/mark',
      takenOver: 0x8e,
      present: 1,
      queued: 'while offline',
      shared: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    })
    await broker.close()
  })
})
