import { randomUUID } from 'node:crypto'
import mqtt from 'mqtt'
import { readRole } from '../../process/parent-process.js'
import {
  echoTopic,
  runCommands,
  responseTimeout,
  slowDelay,
  targetId,
  type TargetRole,
} from '../test-bed/target.js'

const { port } = readRole<TargetRole>()
// Typical application code over MQTT.js: the requester has a map of callbacks, the responder a message listener.
const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
  protocolVersion: 5,
  clientId: targetId,
})
const responseTopic = `response/${targetId}`
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
  const sendResponse = (): void => {
    if (responseAddress === undefined) return
    client.publish(responseAddress, JSON.stringify({ text: `${text}!` }), {
      qos: 1,
      properties: { ...(correlationData !== undefined && { correlationData }) },
    })
  }
  if (text === 'slow') setTimeout(sendResponse, slowDelay)
  else sendResponse()
})
await client.subscribeAsync([echoTopic, responseTopic], { qos: 1 })

runCommands({
  sendRequest: (text, topic) =>
    new Promise((resolve, reject) => {
      const token = randomUUID()
      const timer = setTimeout(() => reject(new Error('timeout')), responseTimeout)
      pending.set(token, (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      const properties = { responseTopic, correlationData: Buffer.from(token) }
      client.publish(topic, JSON.stringify({ text }), { qos: 1, properties })
    }),
  report: () => ({ handled, unmatched: 0, ignored: 0, produced: 0 }),
})
