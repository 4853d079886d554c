import { randomUUID } from 'node:crypto'
import mqtt from 'mqtt'
import { readRole } from '../../process/parent-process.js'
import { echoTopic, obey, patience, slowness, victimId, type VictimRole } from '../victim.js'

const { port } = readRole<VictimRole>()
// What most people write over MQTT.js: a map of callbacks on one side, a listener that answers on the other.
const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
  protocolVersion: 5,
  clientId: victimId,
})
const responseTopic = `response/${victimId}`
const pending = new Map<string, (text: string) => void>()
let handled = 0

client.on('message', (topic, payload, { properties }) => {
  const { text } = JSON.parse(payload.toString()) as { text: string }
  if (topic === responseTopic) {
    const token = properties?.correlationData?.toString() ?? ''
    pending.get(token)?.(text)
    pending.delete(token)
    return
  }
  handled += 1
  const { responseTopic: responseAddress, correlationData } = properties ?? {}
  const response = (): void => {
    if (responseAddress === undefined) return
    client.publish(responseAddress, JSON.stringify({ text: `${text}!` }), {
      qos: 1,
      properties: { ...(correlationData !== undefined && { correlationData }) },
    })
  }
  if (text === 'slow') setTimeout(response, slowness)
  else response()
})
await client.subscribeAsync([echoTopic, responseTopic], { qos: 1 })

obey({
  ask: (text, topic) =>
    new Promise((resolve, reject) => {
      const token = randomUUID()
      const timer = setTimeout(() => reject(new Error('timeout')), patience)
      pending.set(token, (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      const properties = { responseTopic, correlationData: Buffer.from(token) }
      client.publish(topic, JSON.stringify({ text }), { qos: 1, properties })
    }),
  report: () => ({ handled, strays: 0, refusals: 0, produced: 0 }),
})
