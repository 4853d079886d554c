import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodes } from '../play-flow.js'
import { configuration } from '../play-home-assistant.js'
import { callLamp, lampStateTopic, setLamp, temperature } from '../endpoints.js'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

/** The properties that the editor of Node-RED exports for a node of each type, besides those of every node. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  tab: ['label', 'disabled', 'info'],
  'mqtt-broker': [
    ...['name', 'broker', 'port', 'clientid', 'autoConnect', 'usetls', 'protocolVersion', 'keepalive'],
    ...['cleansession', 'autoUnsubscribe', 'birthTopic', 'birthQos', 'birthPayload', 'birthMsg'],
    ...['closeTopic', 'closeQos', 'closePayload', 'closeMsg', 'willTopic', 'willQos', 'willPayload'],
    ...['willMsg', 'userProps', 'sessionExpiry'],
  ],
  inject: [...['name', 'props', 'repeat', 'crontab', 'once', 'onceDelay', 'topic', 'payload', 'payloadType']],
  function: ['name', 'func', 'outputs', 'timeout', 'noerr', 'initialize', 'finalize', 'libs'],
  'mqtt in': ['name', 'topic', 'qos', 'datatype', 'broker', 'nl', 'rap', 'rh', 'inputs'],
  'mqtt out': [
    ...['name', 'topic', 'qos', 'retain', 'respTopic', 'contentType', 'userProps', 'correl', 'expiry'],
    'broker',
  ],
  debug: [
    ...['name', 'active', 'tosidebar', 'console', 'tostatus', 'complete', 'targetType', 'statusVal'],
    'statusType',
  ],
}
const ON_A_TAB = ['z', 'x', 'y', 'wires']

describe('the flow of Node-RED', () => {
  it.each(nodes)('has the properties of its type in the node $id', (node) => {
    const isOnTab = node.type !== 'tab' && node.type !== 'mqtt-broker'
    const expected = ['id', 'type', ...(PROPERTIES[node.type] ?? []), ...(isOnTab ? ON_A_TAB : [])]
    expect(Object.keys(node).sort()).toEqual(expected.sort())
    const ids = nodes.map(({ id }) => id)
    expect((node.wires ?? []).flat().filter((id) => !ids.includes(id))).toEqual([])
  })

  it('uses the topics of the endpoints, and one response topic for requests and their responses', () => {
    const topicsOf = (type: string) => nodes.filter((node) => node.type === type).map(({ topic }) => topic)
    expect(topicsOf('mqtt out')).toEqual([setLamp.topic.template, ''])
    expect(topicsOf('mqtt in')).toEqual(['node-red/responses', temperature.topic.template])
    expect(nodes.map(({ func = '' }) => func).join('\n')).toContain("'node-red/responses'")
  })
})

describe('the configuration of Home Assistant', () => {
  const [{ switch: lamp }, { sensor }] = configuration.mqtt

  it('uses the topics of the endpoints, and one response topic for requests and their responses', () => {
    expect([lamp['command_topic'], lamp['state_topic']]).toEqual([callLamp.topic.template, lampStateTopic])
    const request = configuration.script['confirm_lamp_on']?.sequence[1]
    expect(request).toMatchObject({ action: 'mqtt.publish', data: { topic: callLamp.topic.template } })
    expect(JSON.parse((request?.['data'] as { readonly payload: string }).payload)).toEqual({
      id: '{{ request }}',
      responseTopic: sensor['state_topic'],
      on: true,
    })
    expect(sensor['json_attributes_topic']).toBe(sensor['state_topic'])
  })

  it('waits for the entity of the sensor', () => {
    const entity = `sensor.${String(sensor['name']).toLowerCase().replaceAll(' ', '_')}`
    expect(JSON.stringify(configuration.script)).toContain(`states('${entity}')`)
  })

  it('is the one on its page', () => {
    expect(read('../../../docs/guide/home-assistant.md')).toContain(
      `\`\`\`yaml\n${read('../home-assistant.yaml')}\`\`\`\n`,
    )
  })
})
