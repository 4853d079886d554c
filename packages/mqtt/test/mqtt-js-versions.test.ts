import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'
import highest from 'mqtt'
import lowest from 'mqtt-lowest'
import { expect, it } from 'vitest'
import { ClientStream } from '../src/client-stream.js'
import { connackBytes } from './scripted-broker.js'

const versionOf = (name: string): unknown =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { readonly version: string }).version

it('accepts MQTT.js from the lowest version to the highest version that the tests use', () => {
  const workspace = readFileSync(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8')
  const [, range] = /^ {2}mqtt: '(.*)'$/m.exec(workspace) ?? []
  expect(range).toBe(`>=${String(versionOf('mqtt-lowest'))} <=${String(versionOf('mqtt'))}`)
})

it.each([
  ['lowest', lowest],
  ['highest', highest],
])('uses no member of its stream that ClientStream lacks: MQTT.js in its %s version', async (_, mqtt) => {
  const used = new Set<PropertyKey>()
  const calls: string[] = []
  const stream = new ClientStream({
    write: () => calls.push('write'),
    end: () => calls.push('end'),
    destroy: () => calls.push('destroy'),
  })
  const recording = new Proxy(stream, {
    get: (target, name) => {
      used.add(name)
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const connected = async (connack: readonly number[]): Promise<InstanceType<typeof mqtt.MqttClient>> => {
    const client = new mqtt.MqttClient(() => recording as never, {
      protocolVersion: 5,
      reconnectPeriod: 0,
    }) as InstanceType<typeof highest.MqttClient>
    client.on('error', () => undefined)
    stream.deliver(Uint8Array.from(connack))
    await turn()
    return client
  }

  const client = await connected(connackBytes(5))
  expect(client.connected).toBe(true)
  client.sendPing()
  client.end(false, { reasonCode: 0 })
  await turn()
  await turn()
  expect(calls.at(-1)).toBe('end')
  stream.close()
  ;(await connected(connackBytes(5))).end(true)
  expect(calls.at(-1)).toBe('destroy')
  stream.close()
  // CONNACK with reason code 0x87.
  await connected([0x20, 3, 0, 0x87, 0])

  // The encoder of MQTT.js calls `cork` only if the stream has it.
  expect([...used].filter((name) => !(name in stream))).toEqual(['cork'])
})
